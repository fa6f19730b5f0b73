import {
  isQuiet,
  newsOfAnswer,
  newsOfDecline,
  newsOfEnd,
  quietUntil,
  type RingNews,
} from '@switchboard/domain';
import {
  type Call,
  cancelReason,
  type EventOf,
  type PushContentOf,
  type SessionId,
  type UserId,
} from '@switchboard/protocol';
import { pushTarget } from '../devices/device-store.ts';
import type { NewPush, PushState, PushSubject } from '../sending/pushes.ts';
import type { Ring } from '../store/ring-store.ts';
import { liveSessions } from './live-sessions.ts';
import type { RingParts } from './planning-parts.ts';
import { unreadCounts } from './unread-counts.ts';

/** More than the callees of a call have devices. */
const MAX_STATES = 2_500;
const LIVE_TIMEOUT_MS = 5_000;

/** How a call ended, as its event or, when that was lost, the call itself tells. */
export interface RingEnd extends Pick<EventOf<'call.ended'>, 'call' | 'reason' | 'from'> {
  readonly by?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
}

/** Whose device acted. Without a session any of theirs may have been the one. */
export interface Actor {
  readonly userId: UserId | undefined;
  readonly sessionId: SessionId | undefined;
}

/** The device of this session says that it rings: it needs no push. */
export async function acknowledgeRing(
  { pushes }: RingParts,
  { callId, userId, sessionId }: EventOf<'call.acknowledged'>,
): Promise<void> {
  const subject: PushSubject = `call:${callId}`;
  const own = (await pushes.of(subject, { userId })).filter(({ target }) => target.sessionId === sessionId);
  await pushes.withdraw(
    subject,
    own.map(({ target }) => target.id),
    'acknowledged',
  );
}

/** @param by Who answered, and with which session, when that is known: it hears nothing of its own doing. */
export async function answerRing(parts: RingParts, call: Call, by: Actor): Promise<void> {
  const { pushes, rings } = parts;
  const [ring, states] = await Promise.all([
    rings.get(call.id),
    pushes.of(`call:${call.id}`, { limit: MAX_STATES }),
  ]);
  const others = await spare(parts, call, states, by, 'answered');
  await pushes.put(
    others.flatMap((state) => cancel(call, state, newsOfAnswer(calleeOf(ring, state.userId)))),
  );
  await rings.settle(call.id, 'answered');
}

export async function declineRing(
  parts: RingParts,
  { call, by, sessionId, reason }: EventOf<'call.declined'>,
): Promise<void> {
  const { pushes, rings } = parts;
  const states = await pushes.of(`call:${call.id}`, { userId: by });
  const others = await spare(parts, call, states, { userId: by, sessionId }, 'declined');
  await pushes.put(others.flatMap((state) => cancel(call, state, newsOfDecline(reason))));
  await rings.decline(call.id, by);
}

export async function endRing(parts: RingParts, end: RingEnd): Promise<void> {
  const { pushes, rings } = parts;
  const { call, reason, by, sessionId } = end;
  const ring = await rings.get(call.id);
  if (ring?.state === 'over') return;
  const states = await pushes.of(`call:${call.id}`, { limit: MAX_STATES });
  const ended: RingNews = { news: 'cancelled', reason: cancelReason(reason) };
  if (end.from === 'ringing') {
    const others = await spare(parts, call, states, { userId: by, sessionId }, 'declined');
    const newsOf = (userId: UserId) => newsOfEnd(calleeOf(ring, userId), reason, by);
    const whoMissed = call.callees.map(({ id }) => id).filter((id) => newsOf(id).news === 'missed');
    const missed = await missedCalls(parts, call, whoMissed, states);
    const told = new Set(missed.map(({ target }) => target.id));
    const silenced = others
      .filter(({ target }) => !told.has(target.id))
      .flatMap((state) => {
        const news = newsOf(state.userId);
        return cancel(call, state, news.news === 'missed' ? ended : news);
      });
    await pushes.put([...missed, ...silenced]);
  } else if (ring?.state === 'ringing') {
    // Nobody heard that it was answered. By now it is over for all.
    await pushes.put(states.flatMap((state) => cancel(call, state, ended)));
  }
  await rings.settle(call.id, 'over');
}

/** Of the session that acted, what was not sent yet is taken back; returns the others. */
async function spare(
  { pushes }: RingParts,
  call: Call,
  states: readonly PushState[],
  actor: Actor,
  detail: string,
): Promise<PushState[]> {
  const own = states.filter((state) => isOf(state, actor)).map(({ target }) => target.id);
  if (own.length > 0) await pushes.withdraw(`call:${call.id}`, own, detail);
  return states.filter((state) => !isOf(state, actor));
}

function isOf({ userId, target }: PushState, actor: Actor): boolean {
  return userId === actor.userId && (actor.sessionId ?? target.sessionId) === target.sessionId;
}

function calleeOf(ring: Ring | undefined, userId: UserId) {
  return {
    userId,
    rang: ring?.rang.includes(userId) ?? false,
    declined: ring?.declined.includes(userId) ?? false,
  };
}

function cancel(call: Call, { target, userId }: PushState, news: RingNews | undefined): NewPush[] {
  if (news?.news !== 'cancelled') return [];
  const content = { type: 'call.cancelled', callId: call.id, reason: news.reason } as const;
  return [{ target, userId, content }];
}

/**
 * For every push target of these users but those that hear it by their socket. One that was rung by push hears it so, too, for it may be ringing still. Who is not to be
 * rung at this hour learns of it when the hour is over.
 */
async function missedCalls(
  parts: RingParts,
  call: Call,
  userIds: readonly UserId[],
  states: readonly PushState[],
): Promise<NewPush[]> {
  const { bus, clock, devices, preferences } = parts;
  const found = userIds.length === 0 ? [] : await devices.ofUsers(userIds);
  const owners = [...new Set(found.map(({ userId }) => userId))];
  if (owners.length === 0) return [];
  const [live, said, badges] = await Promise.all([
    liveSessions(bus, owners, LIVE_TIMEOUT_MS),
    preferences.ofUsers(owners),
    badgesOf(parts, owners),
  ]);
  const rung = new Set(states.filter(({ shown }) => shown).map(({ target }) => target.id));
  const now = clock.now();
  return found.flatMap((device): NewPush[] => {
    const { id, userId, sessionId } = device;
    const rings = rung.has(id);
    if (!rings && live.get(userId)?.has(sessionId)) return [];
    const quiet = said.get(userId)?.quietHours;
    const asleep = !rings && quiet?.calls === 'silent' && isQuiet(quiet, now);
    return [
      {
        target: pushTarget(device),
        userId,
        content: missed(call, badges.get(userId)),
        ...(asleep ? { notBefore: quietUntil(quiet, now) } : {}),
      },
    ];
  });
}

function missed(call: Call, badge: number | undefined): PushContentOf<'call.missed'> {
  const { id: callId, kind, caller: from, roomId, createdAt: at } = call;
  return {
    type: 'call.missed',
    callId,
    kind,
    from,
    at,
    ...(roomId === undefined ? {} : { roomId }),
    ...(badge === undefined ? {} : { badge }),
  };
}

/** A missed call is told without a badge rather than late. */
async function badgesOf(
  { bus, logger }: RingParts,
  userIds: readonly UserId[],
): Promise<ReadonlyMap<UserId, number>> {
  try {
    const counts = await unreadCounts(bus, userIds);
    return new Map([...counts].map(([userId, { total }]) => [userId, total]));
  } catch (err) {
    logger.warn({ err }, 'missed calls go out without a badge');
    return new Map();
  }
}
