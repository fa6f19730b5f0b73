import { ok, type PublicUser } from '@switchboard/protocol';
import type { Handler } from '../context.ts';
import type { Audience } from '../presence/audience.ts';

export function createPresenceList(
  online: () => Promise<readonly PublicUser[]>,
  audience: Audience,
): Handler<'presence.list'> {
  return async ({ identity }) => ok({ online: await audience.visibleTo(identity.id, await online()) });
}
