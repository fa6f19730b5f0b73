import { ok, type Result, reject } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';

/** `calls`: new calls. `rings`: rings anew inside a call that rings already. A user has RATE_LIMIT_CALLS of each. */
export type CallBudget = 'calls' | 'rings';

/** Takes one of a user's calls or rings; RATE_LIMITED, with the time to wait, when none is left. */
export async function takeFrom(
  budget: CallBudget,
  { config, rates }: SignalingContext,
  session: Session,
): Promise<Result<true>> {
  const rule = config.RATE_LIMIT_CALLS;
  if (rule === 'off') return ok(true);
  const { allowed, retryAfterMs } = await rates.take(`${budget}:${session.identity.id}`, rule);
  return allowed ? ok(true) : reject('RATE_LIMITED', 'Too many calls', { retryAfterMs });
}
