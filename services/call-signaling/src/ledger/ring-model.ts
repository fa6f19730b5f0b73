import type { CallDevice, CallEndReason, PushContent, PushKind, PushStep } from '@switchboard/protocol';
import { type Connection, type Model, Schema } from 'mongoose';

/** The contents of pushes about calls, without the dot that a field's name cannot have. */
export type PushedContent =
  Extract<PushContent['type'], `call.${string}`> extends `call.${infer Name}` ? Name : never;

/** How a step of a push came about. */
export interface PushedStep {
  at: Date;
  detail?: string | undefined;
}

/**
 * What is known of one device of a callee in one call, or of a callee as such. Every field is set by the one who first knows it, so that notes may come
 * late, twice and in any order.
 */
export interface RingDoc {
  /** `<call id>:<device id>`; of a callee `<call id>:user:<user id>`. All of a call's are one range of ids. */
  _id: string;
  userId: string;
  target: 'user' | 'socket' | PushKind;
  deviceId?: string | undefined;
  sessionId?: string | undefined;
  dialect?: CallDevice['dialect'] | undefined;
  rungAt?: Date | undefined;
  acknowledgedAt?: Date | undefined;
  answeredAt?: Date | undefined;
  declinedAt?: Date | undefined;
  /** Of a callee: how they declined. */
  declinedAs?: Extract<CallEndReason, 'rejected' | 'busy' | 'unavailable'> | undefined;
  /** Of a callee: why there was nothing to ring. */
  unreached?: Extract<CallEndReason, 'busy' | 'unavailable'> | undefined;
  pushes?: { [Content in PushedContent]?: { [Step in PushStep]?: PushedStep } } | undefined;
  /** Nobody asks any more. */
  expiresAt: Date;
}

export type RingModel = Model<RingDoc>;

const step = { type: { _id: false, at: Date, detail: String }, default: undefined };
const steps = {
  type: { _id: false, sent: step, delivered: step, failed: step, dropped: step },
  default: undefined,
};

const ringSchema = new Schema<RingDoc>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    target: { type: String, required: true },
    deviceId: String,
    sessionId: String,
    dialect: String,
    rungAt: Date,
    acknowledgedAt: Date,
    answeredAt: Date,
    declinedAt: Date,
    declinedAs: String,
    unreached: String,
    pushes: {
      type: { _id: false, incoming: steps, cancelled: steps, missed: steps },
      default: undefined,
    },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'rings', versionKey: false, strict: 'throw' },
).index({ expiresAt: 1 }, { name: 'expired', expireAfterSeconds: 0 });

export function ringModel(connection: Connection): RingModel {
  return connection.model<RingDoc>('Ring', ringSchema);
}
