import { dialects } from '@switchboard/dialects';
import { compatible, isQuiet } from '@switchboard/domain';
import type { EventOf, PushContentOf, SessionId, UserId } from '@switchboard/protocol';
import { pushTarget, type StoredDevice } from '../devices/device-store.ts';
import { type NewPush, subjectOf } from '../sending/pushes.ts';
import { liveSessions } from './live-sessions.ts';
import type { RingParts } from './planning-parts.ts';

/** A ring cannot wait to learn who is connected. */
const LIVE_TIMEOUT_MS = 1_000;
/** When the event does not say: the longest that a ring usually lasts. */
const RING_MS = 30_000;
/** Behind the end of the ring: as long as its end may take to be heard of. */
const END_LATE_MS = 5_000;

/**
 * A call rings: what its callees' push targets are put. Those whose session has a socket hear the ring there, and are put it for later: if the device has not said
 * by then that it rings, its socket may be dead. Not a timer of ours but a date in the database, which any instance keeps.
 */
export async function planRing(parts: RingParts, event: EventOf<'call.ringing'>): Promise<void> {
  const { clock, rings, devices, pushes } = parts;
  const { call, reachable } = event;
  const until = event.ring ? Date.parse(event.ring.until) : Date.parse(event.at) + RING_MS;
  const ring = await rings.open(call.id, reachable, until + END_LATE_MS);
  const rung = ring.state === 'ringing' ? reachable.filter((id) => !ring.declined.includes(id)) : [];
  if (rung.length === 0 || clock.now() >= until) return;
  const targets = (await devices.ofUsers(rung)).filter((device) => canRing(device, event));
  const owners = [...new Set(targets.map(({ userId }) => userId))];
  if (owners.length === 0) return;

  const [live, silent] = await Promise.all([whoIsLive(parts, owners), whoSleeps(parts, owners)]);
  const content = incoming(event, until);
  const now = clock.now();
  const put = (device: StoredDevice): NewPush => ({
    target: pushTarget(device),
    userId: device.userId,
    content,
    ...(silent.has(device.userId)
      ? { notBefore: until }
      : live.get(device.userId)?.has(device.sessionId)
        ? { notBefore: now + parts.ringAckMs }
        : {}),
  });
  await pushes.put(targets.map(put));
  const withheld = targets.filter(({ userId }) => silent.has(userId)).map(({ id }) => id);
  // Put all the same, so that it is on record why they did not ring.
  if (withheld.length > 0) await pushes.withdraw(subjectOf(content), withheld, 'quiet_hours');
}

function canRing({ dialect }: StoredDevice, { call, ring }: EventOf<'call.ringing'>): boolean {
  const spoken = dialects.get(dialect);
  if (!spoken) return false;
  if (!ring) return spoken.media.includes(call.media);
  const { negotiation, offered: hasOffer } = ring;
  return compatible(spoken, { media: call.media, negotiation, hasOffer });
}

function incoming({ call }: EventOf<'call.ringing'>, until: number): PushContentOf<'call.incoming'> {
  const { id: callId, kind, media, caller: from, roomId } = call;
  return {
    type: 'call.incoming',
    callId,
    kind,
    media,
    from,
    ...(roomId === undefined ? {} : { roomId }),
    expiresAt: new Date(until).toISOString(),
  };
}

/** While nobody can say who is connected, nobody is: a device that rings twice is better than one that does not. */
async function whoIsLive(
  { bus, logger }: RingParts,
  userIds: readonly UserId[],
): Promise<ReadonlyMap<UserId, ReadonlySet<SessionId>>> {
  try {
    return await liveSessions(bus, userIds, LIVE_TIMEOUT_MS);
  } catch (err) {
    logger.warn({ err }, 'ringing every push target: who is connected is not known');
    return new Map();
  }
}

/** Whoever does not want to be rung now. */
async function whoSleeps(
  { preferences, clock }: RingParts,
  userIds: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const said = await preferences.ofUsers(userIds);
  const now = clock.now();
  return new Set(
    userIds.filter((userId) => {
      const quiet = said.get(userId)?.quietHours;
      return quiet?.calls === 'silent' && isQuiet(quiet, now);
    }),
  );
}
