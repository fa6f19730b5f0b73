import { dialects } from '@switchboard/dialects';
import { type CallState, compatible } from '@switchboard/domain';
import type { CallMedia, DialectName, Negotiation, UserId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { reachableByPush } from './reachable-by-push.ts';

export interface Ring {
  readonly media: CallMedia;
  readonly negotiation: Negotiation;
  readonly hasOffer: boolean;
}

export function ringOf({ call, negotiation, offer }: CallState): Ring {
  return { media: call.media, negotiation, hasOffer: offer !== undefined };
}

/** Whether a device can be rung. One that has not named its dialect may speak any of those on Socket.IO. */
export function ringable(dialect: DialectName | null, ring: Ring): boolean {
  if (dialect !== null) {
    const spoken = dialects.get(dialect);
    return spoken !== undefined && compatible(spoken, ring);
  }
  return [...dialects.values()].some((one) => one.transport === 'socket.io' && compatible(one, ring));
}

/** Whether a device can take part in a call's media at all, whoever called. */
export function canJoin(dialect: DialectName | null, media: CallMedia): boolean {
  return dialect === null || (dialects.get(dialect)?.media.includes(media) ?? false);
}

/** Those of the users who have a device that can be rung: a live socket, or else a push target that wakes up in a vocabulary that can be. */
export async function reachable(
  context: SignalingContext,
  userIds: readonly UserId[],
  ring: Ring,
): Promise<UserId[]> {
  const { presence, clock } = context;
  const connected = await Promise.all(
    userIds.map(async (userId) => {
      const devices = await presence.devicesOf(userId, clock.now());
      return devices.some((device) => ringable(device.dialect, ring));
    }),
  );
  const away = userIds.filter((_, index) => !connected[index]);
  const woken = await reachableByPush(context, away, ring);
  return userIds.filter((userId, index) => connected[index] || woken.has(userId));
}
