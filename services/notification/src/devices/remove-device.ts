import { type Identity, ok, type PushDeviceId, type Result, reject } from '@switchboard/protocol';
import type { DeviceContext } from './device-context.ts';
import { tellChanged } from './tell-changed.ts';

/** Refuses with NOT_FOUND what is not there or somebody else's. */
export async function removeDevice(
  context: DeviceContext,
  { id: userId }: Identity,
  id: PushDeviceId,
): Promise<Result<undefined>> {
  if (!(await context.devices.removeOwn(userId, id))) return reject('NOT_FOUND', 'Device not found');
  tellChanged(context, userId);
  return ok(undefined);
}
