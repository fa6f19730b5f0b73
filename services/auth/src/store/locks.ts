import { type Connection, type Model, Schema } from 'mongoose';

/** A lease that one node holds while it decides from several documents at once. */
export interface LockDoc {
  readonly _id: string;
  readonly holder: string;
  readonly until: Date;
}

export type Locks = Model<LockDoc>;

const schema = new Schema<LockDoc>(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { versionKey: false, autoIndex: false, autoCreate: false },
);

export function lockModel(connection: Connection): Locks {
  return connection.model<LockDoc>('AuthLock', schema, 'auth_locks');
}
