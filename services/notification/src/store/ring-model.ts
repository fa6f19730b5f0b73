import { type Connection, type Model, Schema } from 'mongoose';

/**
 * A call as far as planning must know it from one event to the next. ringing: nobody has answered. answered: it is settled who stops. over: nothing that
 * comes late may ring any more.
 */
export interface RingDoc {
  /** The CallId. */
  _id: string;
  state: 'ringing' | 'answered' | 'over';
  /** Callees who could be rung. */
  rang: string[];
  /** Callees who said no. */
  declined: string[];
  /** While its end is not heard of: when to ask for it. */
  lookAt?: Date;
  /** How often that was in vain. */
  looks: number;
  changedAt: Date;
}

export type RingModel = Model<RingDoc>;

/** Longer than an event may be late. */
const KEPT_SECONDS = 3 * 24 * 3_600;

const schema = new Schema<RingDoc>(
  {
    _id: { type: String, required: true },
    state: { type: String, required: true },
    rang: { type: [String], required: true },
    declined: { type: [String], required: true },
    lookAt: Date,
    looks: { type: Number, required: true },
    changedAt: { type: Date, required: true },
  },
  {
    collection: 'planned_rings',
    versionKey: false,
    autoIndex: false,
    autoCreate: false,
    strictQuery: 'throw',
  },
);

schema.index({ lookAt: 1 }, { name: 'look_at', partialFilterExpression: { lookAt: { $exists: true } } });
schema.index({ changedAt: 1 }, { name: 'changed', expireAfterSeconds: KEPT_SECONDS });

export function ringModel(connection: Connection): RingModel {
  return connection.model<RingDoc>('PlannedRing', schema);
}
