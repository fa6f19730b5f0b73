import type { LiveCalls } from '@switchboard/ports';
import type { CallId, UserId } from '@switchboard/protocol';
import { hop } from './hop.ts';

/** How long a value is kept that nobody moves on: past its deadline, or, without one, since it was written. */
const KEEP_MS = 24 * 60 * 60 * 1000;

interface StoredCall {
  readonly json: string;
  readonly version: number;
  readonly deadlineAt: number | null;
  hiddenUntil: number;
  /** The latest time any caller had shown when this was written; 0 while none had. */
  writtenAt: number;
}

interface StoredClaim {
  readonly callId: CallId;
  readonly until: number;
}

/** Live calls in this process's memory. Its only time is the `now` of its callers. */
export function createMemoryLiveCalls<State>(): LiveCalls<State> {
  const calls = new Map<CallId, StoredCall>();
  const claims = new Map<UserId, StoredClaim>();
  let latest = 0;

  const holder = (userId: UserId, now: number): CallId | undefined => {
    latest = Math.max(latest, now);
    const claim = claims.get(userId);
    return claim && claim.until > now ? claim.callId : undefined;
  };

  const forget = (now: number): void => {
    for (const [callId, call] of calls) {
      call.writtenAt ||= now;
      if ((call.deadlineAt ?? call.writtenAt) + KEEP_MS < now) calls.delete(callId);
    }
    for (const [userId, claim] of claims) if (claim.until <= now) claims.delete(userId);
  };

  return {
    async get(callId) {
      await hop();
      const call = calls.get(callId);
      return call && { state: JSON.parse(call.json) as State, version: call.version };
    },

    async compareAndSet(callId, expected, next, deadlineAt) {
      const json = next === null ? null : JSON.stringify(next);
      await hop();
      const version = calls.get(callId)?.version ?? 0;
      if (version !== expected) return false;
      if (json === null) calls.delete(callId);
      else calls.set(callId, { json, version: version + 1, deadlineAt, hiddenUntil: 0, writtenAt: latest });
      return true;
    },

    async due(now, limit, hideMs) {
      await hop();
      latest = Math.max(latest, now);
      forget(now);
      const ready: { callId: CallId; call: StoredCall; deadlineAt: number }[] = [];
      for (const [callId, call] of calls) {
        if (call.deadlineAt === null || call.deadlineAt > now || call.hiddenUntil > now) continue;
        ready.push({ callId, call, deadlineAt: call.deadlineAt });
      }
      ready.sort((a, b) => a.deadlineAt - b.deadlineAt);
      const handed = ready.slice(0, Math.max(0, limit));
      for (const { call } of handed) call.hiddenUntil = now + hideMs;
      return handed.map(({ callId }) => callId);
    },

    async claim(userId, callId, until, now) {
      await hop();
      const held = holder(userId, now);
      if (held !== undefined && held !== callId) return held;
      claims.set(userId, { callId, until });
      return callId;
    },

    async claimOf(userId, now) {
      await hop();
      return holder(userId, now);
    },

    async release(userId, callId) {
      await hop();
      if (claims.get(userId)?.callId === callId) claims.delete(userId);
    },
  };
}
