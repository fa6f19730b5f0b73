import { DialectName, Platform, PushDeviceId, PushKind, SessionId, UserId } from '@switchboard/protocol';
import type { StoredDevice } from '../devices/device-store.ts';
import type { DeviceDoc } from './device-model.ts';

export function storedDevice(doc: DeviceDoc): StoredDevice {
  const { name, appVersion, lastPush } = doc;
  return {
    id: PushDeviceId.parse(doc._id),
    userId: UserId.parse(doc.userId),
    sessionId: SessionId.parse(doc.sessionId),
    kind: PushKind.parse(doc.kind),
    platform: Platform.parse(doc.platform),
    dialect: DialectName.parse(doc.dialect),
    ...(name === undefined ? {} : { name }),
    ...(appVersion === undefined ? {} : { appVersion }),
    createdAt: doc.createdAt,
    lastSeenAt: doc.lastSeenAt,
    address: doc.address,
    ...(lastPush
      ? { lastPush: { at: lastPush.at, ...(lastPush.error === undefined ? {} : { error: lastPush.error }) } }
      : {}),
  };
}

/** But for its address's key and whether it is pending. */
export function docOf({ id, ...device }: StoredDevice): Omit<DeviceDoc, 'addressKey' | 'pendingAt'> {
  return { _id: id, ...device, checkedAt: device.createdAt };
}
