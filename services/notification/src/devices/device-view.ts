import type { DeviceView } from '@switchboard/dialects';
import type { Identity } from '@switchboard/protocol';
import type { StoredDevice } from './device-store.ts';

/** A device as its owner sees it, without where it is reached. */
export function deviceView(
  { address: _secret, userId: _owner, createdAt, lastSeenAt, lastPush, ...device }: StoredDevice,
  { sessionId }: Pick<Identity, 'sessionId'>,
): DeviceView {
  return {
    ...device,
    createdAt: createdAt.toISOString(),
    lastSeenAt: lastSeenAt.toISOString(),
    current: device.sessionId === sessionId,
    ...(lastPush ? { lastPush: { ...lastPush, at: lastPush.at.toISOString() } } : {}),
  };
}
