import type { KeyObject } from 'node:crypto';
import type { Bus, Clock } from '@switchboard/ports';
import {
  type AccessClaims,
  type Identity,
  type Notice,
  ok,
  type Result,
  reject,
  type SessionId,
  SwitchboardError,
} from '@switchboard/protocol';
import { LRUCache } from 'lru-cache';
import { verifyAccessToken } from './access-token.ts';
import { listenForChanges } from './invalidation.ts';

export interface SessionVerifier {
  /**
   * The identity behind an access token whose session is live. Rejects UNAUTHORIZED with detail missing_token, bad_token, expired_token,
   * revoked_session, user_deleted or user_banned; SERVICE_UNAVAILABLE, retryable, while sessions cannot be asked after.
   */
  verify(token: string | undefined): Promise<Result<Identity>>;
}

export interface SessionVerifierOptions {
  readonly key: KeyObject;
  readonly bus: Bus;
  readonly clock: Clock;
  /** How long a verdict is believed that no notice contradicts: the bound on a lost notice. */
  readonly cacheMs?: number;
  /** Sessions remembered. */
  readonly max?: number;
}

/** One question to the owner of sessions. `outdated`: a notice came while it was under way, so the answer is not kept. */
interface Check {
  readonly claims: AccessClaims;
  outdated: boolean;
  answer: Promise<Result<Identity>>;
}

interface Verdict {
  readonly userId: string;
  readonly result: Result<Identity>;
  readonly until: number;
}

export function createSessionVerifier(options: SessionVerifierOptions): SessionVerifier & AsyncDisposable {
  const { key, bus, clock, cacheMs = 5_000, max = 50_000 } = options;
  const verdicts = new LRUCache<SessionId, Verdict>({ max });
  const checks = new Map<string, Check>();

  const concerns = (notice: Notice, userId: string, sessionId: string): boolean =>
    (notice.type === 'user.changed' && notice.userId === userId) ||
    (notice.type === 'session.revoked' &&
      notice.userId === userId &&
      (notice.sessionId === undefined || notice.sessionId === sessionId));

  const invalidation = listenForChanges(bus, (notice) => {
    for (const [id, check] of checks) {
      if (!concerns(notice, check.claims.sub, check.claims.sid)) continue;
      check.outdated = true;
      // Whoever asks from now on asks anew.
      checks.delete(id);
    }
    if (notice.type === 'session.revoked' && notice.sessionId) verdicts.delete(notice.sessionId);
    else {
      for (const [sessionId, verdict] of verdicts) {
        if (concerns(notice, verdict.userId, sessionId)) verdicts.delete(sessionId);
      }
    }
  });

  const ask = async ({ sub, sid }: AccessClaims): Promise<Result<Identity>> => {
    try {
      const result = await bus.request('auth.session.check', { userId: sub, sessionId: sid });
      if (!result.ok || (result.value.id === sub && result.value.sessionId === sid)) return result;
      return reject('UNAUTHORIZED', 'Invalid token', { detail: 'bad_token' });
    } catch (error) {
      if (error instanceof SwitchboardError) return { ok: false, error: error.rejection };
      throw error;
    }
  };

  const check = (claims: AccessClaims): Promise<Result<Identity>> => {
    const id = `${claims.sub} ${claims.sid}`;
    const running = checks.get(id);
    if (running) return running.answer;
    const listening = invalidation.established;
    const started: Check = { claims, outdated: false, answer: ask(claims) };
    started.answer = started.answer
      .then((result) => {
        const final = result.ok || result.error.code === 'UNAUTHORIZED';
        if (final && listening && !started.outdated && cacheMs > 0) {
          verdicts.set(claims.sid, { userId: claims.sub, result, until: clock.now() + cacheMs });
        }
        return result;
      })
      .finally(() => {
        if (checks.get(id) === started) checks.delete(id);
      });
    checks.set(id, started);
    return started.answer;
  };

  return {
    async verify(token) {
      const claims = verifyAccessToken(key, token, clock.now());
      if (!claims.ok) return claims;
      const known = verdicts.get(claims.value.sid);
      if (known && known.userId === claims.value.sub && known.until > clock.now()) return copy(known.result);
      return copy(await check(claims.value));
    },
    async [Symbol.asyncDispose]() {
      await invalidation[Symbol.asyncDispose]();
      verdicts.clear();
    },
  };
}

/** Callers may not reach into what is remembered. */
function copy(result: Result<Identity>): Result<Identity> {
  return result.ok ? ok({ ...result.value }) : { ok: false, error: { ...result.error } };
}
