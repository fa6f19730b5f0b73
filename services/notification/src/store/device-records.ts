import { type PushDeviceId, SessionId, UserId } from '@switchboard/protocol';
import { duplicateKey } from '@switchboard/service-kit';
import { DEVICES_PER_USER, type DeviceStore, type StoredDevice } from '../devices/device-store.ts';
import { docOf, storedDevice } from './device-mapping.ts';
import type { DeviceDoc, DeviceModel } from './device-model.ts';

/** What a client says of its device whenever it registers. */
export type DeviceTraits = Pick<StoredDevice, 'platform' | 'dialect' | 'name' | 'appVersion' | 'address'>;

/** A session that devices hang on. */
export interface DeviceSession {
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

/** What registration and the ends of sessions do with devices, besides what others may. Pending ones are seen here alone. */
export interface DeviceRecords extends DeviceStore {
  /** The session's own device with this address, with new traits; undefined when it has none. */
  refresh(
    addressKey: string,
    session: DeviceSession,
    traits: DeviceTraits,
    at: Date,
  ): Promise<StoredDevice | undefined>;
  /** Stores a pending device. False when another has the address. */
  insert(device: StoredDevice, addressKey: string): Promise<boolean>;
  /** Its session is alive. Undefined when it is gone by now. */
  confirm(id: PushDeviceId, at: Date): Promise<StoredDevice | undefined>;
  /** Takes it away unless somebody has confirmed it. */
  takeBack(id: PushDeviceId): Promise<void>;
  /** Takes the address from whichever device has it; whose it was. */
  removeAddress(addressKey: string): Promise<UserId[]>;
  /** Takes away what this session registered of this kind before this device. */
  removeBefore(device: StoredDevice): Promise<void>;
  /** Takes away the longest unseen of what is more than DEVICES_PER_USER. */
  trim(userId: UserId): Promise<void>;
  /** False when the user has no such device. */
  removeOwn(userId: UserId, id: PushDeviceId): Promise<boolean>;
  /** Whether there were any. */
  removeSession(session: DeviceSession): Promise<boolean>;
  removeUser(userId: UserId): Promise<boolean>;
  sessionsOf(userId: UserId): Promise<DeviceSession[]>;
  /** Sessions of devices that were last found alive before then, the longest ago first; not all at once. */
  unchecked(before: Date, limit: number): Promise<DeviceSession[]>;
  checked(session: DeviceSession, at: Date): Promise<void>;
}

const CONFIRMED = { pendingAt: { $exists: false } } as const;

export function createDeviceRecords(model: DeviceModel): DeviceRecords {
  const all = async (filter: object, limit?: number): Promise<StoredDevice[]> => {
    const query = model.find({ ...filter, ...CONFIRMED }).sort({ lastSeenAt: -1, _id: 1 });
    const docs = await (limit === undefined ? query : query.limit(limit)).lean<DeviceDoc[]>();
    return docs.map(storedDevice);
  };

  return {
    ofUser: (userId) => all({ userId }, DEVICES_PER_USER),
    ofUsers: (userIds) => all({ userId: { $in: userIds } }),
    getAll: (ids) => all({ _id: { $in: ids } }),
    get: async (id) => (await all({ _id: id }))[0],

    async remove(id) {
      await model.deleteOne({ _id: id });
    },

    async pushed(id, at, error) {
      const lastPush = { at, ...(error === undefined ? {} : { error }) };
      await model.updateOne(
        { _id: id, $or: [{ lastPush: { $exists: false } }, { 'lastPush.at': { $lte: at } }] },
        { $set: { lastPush }, ...(error === undefined ? { $max: { lastSeenAt: at } } : {}) },
      );
    },

    async refresh(addressKey, { userId, sessionId }, { name, appVersion, address, ...traits }, at) {
      const unset = { ...(name ? {} : { name: 1 }), ...(appVersion ? {} : { appVersion: 1 }) };
      const doc = await model
        .findOneAndUpdate(
          { addressKey, userId, sessionId },
          {
            $set: {
              ...traits,
              ...(name ? { name } : {}),
              ...(appVersion ? { appVersion } : {}),
              // A webhook's secret is the one that was told when it was registered.
              ...(address.kind === 'webhook' ? {} : { address }),
            },
            $max: { lastSeenAt: at },
            ...(Object.keys(unset).length > 0 ? { $unset: unset } : {}),
          },
          { returnDocument: 'after' },
        )
        .lean<DeviceDoc>();
      return doc ? storedDevice(doc) : undefined;
    },

    async insert(device, addressKey) {
      try {
        await model.create([{ ...docOf(device), addressKey, pendingAt: device.createdAt }]);
        return true;
      } catch (error) {
        if (duplicateKey(error)) return false;
        throw error;
      }
    },

    async confirm(id, at) {
      const doc = await model
        .findOneAndUpdate(
          { _id: id },
          { $unset: { pendingAt: 1 }, $max: { checkedAt: at } },
          { returnDocument: 'after' },
        )
        .lean<DeviceDoc>();
      return doc ? storedDevice(doc) : undefined;
    },

    async takeBack(id) {
      await model.deleteOne({ _id: id, pendingAt: { $exists: true } });
    },

    async removeAddress(addressKey) {
      const doc = await model.findOneAndDelete({ addressKey }).lean<DeviceDoc>();
      return doc ? [UserId.parse(doc.userId)] : [];
    },

    async removeBefore({ id, sessionId, kind }) {
      // Ids are in the order of registration.
      await model.deleteMany({ sessionId, kind, _id: { $lt: id } });
    },

    async trim(userId) {
      const spare = await model
        .find({ userId, ...CONFIRMED }, { _id: 1 })
        .sort({ lastSeenAt: -1, _id: 1 })
        .skip(DEVICES_PER_USER)
        .lean<{ _id: string }[]>();
      if (spare.length > 0) await model.deleteMany({ _id: { $in: spare.map(({ _id }) => _id) } });
    },

    async removeOwn(userId, id) {
      return (await model.deleteOne({ _id: id, userId, ...CONFIRMED })).deletedCount > 0;
    },

    async removeSession({ userId, sessionId }) {
      return (await model.deleteMany({ userId, sessionId })).deletedCount > 0;
    },

    async removeUser(userId) {
      return (await model.deleteMany({ userId })).deletedCount > 0;
    },

    sessionsOf: async (userId) => sessionsIn(await model.find({ userId }, SESSION).lean<SessionOnly[]>()),

    async unchecked(before, limit) {
      const found = await model
        .find({ checkedAt: { $lt: before }, ...CONFIRMED }, SESSION)
        .sort({ checkedAt: 1 })
        .limit(limit)
        .lean<SessionOnly[]>();
      return sessionsIn(found);
    },

    async checked({ userId, sessionId }, at) {
      await model.updateMany({ userId, sessionId }, { $max: { checkedAt: at } });
    },
  };
}

const SESSION = { userId: 1, sessionId: 1 } as const;
type SessionOnly = Pick<DeviceDoc, 'userId' | 'sessionId'>;

function sessionsIn(docs: readonly SessionOnly[]): DeviceSession[] {
  const byId = new Map(docs.map(({ userId, sessionId }) => [sessionId, userId]));
  return [...byId].map(([sessionId, userId]) => ({
    userId: UserId.parse(userId),
    sessionId: SessionId.parse(sessionId),
  }));
}
