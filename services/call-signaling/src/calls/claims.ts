import { type CallState, claimants } from '@switchboard/domain';
import type { CallId, UserId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { LiveCall } from './live-call.ts';
import { pause } from './pause.ts';

/** A claim without a call: long enough to store the call, short enough that a crash in between blocks nobody for long. */
const MAKING_MS = 2_000;
/** Claims outlast everything that could end their call unseen, so that a call is never without them while it lives. */
const MARGIN_MS = 60_000;

export type Claimed =
  /** `busy`: callees whom other calls keep busy; all others are claimed. */
  | { readonly ok: true; readonly busy: readonly UserId[] }
  /** A live call keeps the caller busy, and nobody is claimed. */
  | { readonly ok: false };

/**
 * Claims the caller and every callee who is free for a call about to be made; without the caller nobody. In ascending order whoever asks: of two users
 * who call each other at once both begin with the same one, so exactly one gets through and the other finds its call.
 */
export async function claimAll(
  context: SignalingContext,
  callId: CallId,
  callerId: UserId,
  calleeIds: readonly UserId[],
): Promise<Claimed> {
  const claimed: UserId[] = [];
  const busy: UserId[] = [];
  for (const userId of [callerId, ...calleeIds].toSorted((a, b) => Number(a) - Number(b))) {
    const state = await claimOne(context, callId, userId);
    if (!state) claimed.push(userId);
    else if (userId !== callerId) busy.push(userId);
    else {
      await Promise.all(claimed.map((mine) => context.liveCalls.release(mine, callId)));
      return { ok: false };
    }
  }
  return { ok: true, busy };
}

/** Undefined once claimed, else the live call that stands in the way. */
async function claimOne(
  context: SignalingContext,
  callId: CallId,
  userId: UserId,
): Promise<CallState | undefined> {
  const { liveCalls, clock } = context;
  const giveUpAt = clock.now() + MAKING_MS;
  for (let wait = 2; ; wait = Math.min(wait * 2, 100)) {
    const now = clock.now();
    const holder = await liveCalls.claim(userId, callId, now + MAKING_MS, now);
    if (holder === callId) return undefined;
    const rival = (await liveCalls.get(holder))?.state.state;
    if (rival && claimants(rival).includes(userId)) return rival;
    // Over, or given up by a node that did not live to make the call: a claim for nothing, and only that call's may be taken away.
    if (rival || now >= giveUpAt) await liveCalls.release(userId, holder);
    else await pause(clock, wait);
  }
}

/** The live call that keeps a user busy. A claim whose call is over is dropped on the way. */
export async function claimedCall(context: SignalingContext, userId: UserId): Promise<CallState | undefined> {
  return (await claimedLive(context, userId))?.state;
}

/** The same with what stands beside the state. */
export async function claimedLive(context: SignalingContext, userId: UserId): Promise<LiveCall | undefined> {
  const { liveCalls, clock } = context;
  const callId = await liveCalls.claimOf(userId, clock.now());
  if (callId === undefined) return undefined;
  const live = (await liveCalls.get(callId))?.state;
  if (!live || claimants(live.state).includes(userId)) return live;
  await liveCalls.release(userId, callId);
  return undefined;
}

/** Makes the claims of a live call last as long as it can; false when another call holds one of its users. */
export async function confirmClaims(context: SignalingContext, state: CallState): Promise<boolean> {
  const { liveCalls, clock, timings } = context;
  const now = clock.now();
  const until = Math.max(now + timings.leaseMs + timings.graceMs, state.ringUntil) + MARGIN_MS;
  const holders = await Promise.all(
    claimants(state).map((userId) => liveCalls.claim(userId, state.call.id, until, now)),
  );
  return holders.every((holder) => holder === state.call.id);
}

/**
 * Frees whom the call keeps busy no more. Either side unknown (a call never made, one whose changer died) means everybody whom the other names.
 */
export async function releaseClaims(
  { liveCalls }: SignalingContext,
  before: CallState | undefined,
  after: CallState | undefined,
): Promise<void> {
  const known = before ?? after;
  if (!known) return;
  const { call } = known;
  const busy = after ? claimants(after) : [];
  const were = before ? claimants(before) : [call.caller.id, ...call.callees.map((user) => user.id)];
  const free = were.filter((userId) => !busy.includes(userId));
  await Promise.all(free.map((userId) => liveCalls.release(userId, call.id)));
}
