import type { Call, CallQuality } from '@switchboard/protocol';
import { type Connection, type Model, Schema } from 'mongoose';

type Party = Call['caller'];

/** What a side of a call measured, the score that it comes to, and when it said so. */
export interface SideQuality extends CallQuality {
  mos?: number;
  reportedAt: Date;
}

/**
 * A call as history keeps it. Every field but `open` is set by whichever event first knows it and means the same in all of them, so events may
 * come late, twice and in any order.
 */
export interface CallDoc {
  /** The CallId. */
  _id: string;
  /** Caller and callees: whose histories it is in. Who called whom tells `caller`. */
  parties: string[];
  kind: Call['kind'];
  media: Call['media'];
  caller: Party;
  callerDevice: Call['callerDevice'];
  callees: Party[];
  roomId?: string | undefined;
  createdAt: Date;
  answeredAt?: Date | undefined;
  answeredBy?: string | undefined;
  answerDevice?: Call['callerDevice'] | undefined;
  endedAt?: Date | undefined;
  endReason?: NonNullable<Call['endReason']> | undefined;
  endedBy?: string | undefined;
  /** From the answer to the end; absent for a call that nobody answered. */
  durationMs?: number | undefined;
  /** Who sat in it, with which devices: those that its events showed. */
  devices?: { userId: string; deviceId: string; dialect: Call['callerDevice']['dialect'] }[] | undefined;
  /** As the two sides reported it, each at most once, the last time. */
  quality?: { caller?: SideQuality | undefined; answerer?: SideQuality | undefined } | undefined;
  /** Its end is not recorded yet. */
  open: boolean;
}

export type CallModel = Model<CallDoc>;

const party = { _id: false, id: String, username: String, name: String };
const device = { _id: false, deviceId: String, dialect: String };
const side = {
  _id: false,
  roundTripMs: Number,
  jitterMs: Number,
  loss: Number,
  path: String,
  setupMs: Number,
  codecs: { type: [String], default: undefined },
  mos: Number,
  reportedAt: Date,
};
const optional = <T extends object>(type: T) => ({ type, default: undefined });

const callSchema = new Schema<CallDoc>(
  {
    _id: { type: String, required: true },
    parties: { type: [String], required: true },
    kind: { type: String, required: true },
    media: { type: String, required: true },
    caller: party,
    callerDevice: device,
    callees: [party],
    roomId: String,
    createdAt: { type: Date, required: true },
    answeredAt: Date,
    answeredBy: String,
    answerDevice: { type: device, default: undefined },
    endedAt: Date,
    endReason: String,
    endedBy: String,
    durationMs: Number,
    devices: optional([{ _id: false, userId: String, deviceId: String, dialect: String }]),
    quality: optional({ _id: false, caller: optional(side), answerer: optional(side) }),
    open: { type: Boolean, required: true },
  },
  { collection: 'calls', versionKey: false, strict: 'throw' },
)
  .index({ parties: 1, createdAt: -1, _id: -1 })
  // Administrators look at everybody's, and for what went wrong.
  .index({ createdAt: -1, _id: -1 })
  .index({ endReason: 1, createdAt: -1, _id: -1 })
  // Only what is still to be closed, however long the history grows.
  .index({ createdAt: 1 }, { name: 'open_calls', partialFilterExpression: { open: true } });

export function callModel(connection: Connection): CallModel {
  return connection.model<CallDoc>('Call', callSchema);
}
