import { type Connection, type Model, Schema } from 'mongoose';
import type { DeviceAddress } from '../devices/device-store.ts';

/** A push target as stored. Where it is reached is secret and leaves the service only towards there. */
export interface DeviceDoc {
  _id: string;
  userId: string;
  sessionId: string;
  kind: string;
  platform: string;
  dialect: string;
  name?: string;
  appVersion?: string;
  createdAt: Date;
  lastSeenAt: Date;
  address: DeviceAddress;
  /** What no two devices may have the same; see device-address.ts. */
  addressKey: string;
  /** Present until its session was found alive after it was stored. A registration that broke off in between leaves one that nobody sees; it lapses. */
  pendingAt?: Date;
  /** When its session was last found alive. */
  checkedAt: Date;
  lastPush?: { at: Date; error?: string };
}

export type DeviceModel = Model<DeviceDoc>;

export const ADDRESS_INDEX = 'address';

const PENDING_SECONDS = 3_600;

const schema = new Schema<DeviceDoc>(
  {
    _id: { type: String, required: true },
    userId: { type: String, required: true },
    sessionId: { type: String, required: true },
    kind: { type: String, required: true },
    platform: { type: String, required: true },
    dialect: { type: String, required: true },
    name: String,
    appVersion: String,
    createdAt: { type: Date, required: true },
    lastSeenAt: { type: Date, required: true },
    address: { type: Schema.Types.Mixed, required: true },
    addressKey: { type: String, required: true },
    pendingAt: Date,
    checkedAt: { type: Date, required: true },
    lastPush: { type: new Schema({ at: Date, error: String }, { _id: false }) },
  },
  { collection: 'devices', versionKey: false, autoIndex: false, autoCreate: false, strictQuery: 'throw' },
);

schema.index({ addressKey: 1 }, { unique: true, name: ADDRESS_INDEX });
schema.index({ userId: 1, lastSeenAt: -1 }, { name: 'user_seen' });
schema.index({ sessionId: 1 }, { name: 'session' });
schema.index({ checkedAt: 1 }, { name: 'checked' });
schema.index({ pendingAt: 1 }, { name: 'pending', expireAfterSeconds: PENDING_SECONDS });

export function deviceModel(connection: Connection): DeviceModel {
  return connection.model<DeviceDoc>('Device', schema);
}
