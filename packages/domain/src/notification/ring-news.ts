import type { CallEndReason, PushContentOf, UserId } from '@switchboard/protocol';

type CancelReason = PushContentOf<'call.cancelled'>['reason'];

/** What a callee's push devices are told once a call rings there no more. missed: that somebody called; also stops a ring. */
export type RingNews =
  | { readonly news: 'missed' }
  | { readonly news: 'cancelled'; readonly reason: CancelReason }
  | { readonly news: 'nothing' };

/** A callee as the events so far show them. */
export interface RungCallee {
  readonly userId: UserId;
  /** Devices of theirs could be rung. Otherwise they were away, or busy with another call. */
  readonly rang: boolean;
  /** They said no. */
  readonly declined: boolean;
}

const NOTHING: RingNews = { news: 'nothing' };
const MISSED: RingNews = { news: 'missed' };
const cancelled = (reason: CancelReason): RingNews => ({ news: 'cancelled', reason });

/**
 * Somebody answered: every other device stops, those of the other callees of a room, too. Nobody missed anything: the call goes on, or went
 * on, without them.
 */
export function newsOfAnswer({ rang, declined }: RungCallee): RingNews {
  return rang && !declined ? cancelled('answered_elsewhere') : NOTHING;
}

/** One of several callees is out of it. unavailable: their account was closed. */
export function newsOfDecline(reason: 'rejected' | 'busy' | 'unavailable'): RingNews {
  return cancelled(reason === 'unavailable' ? 'ended' : 'rejected_elsewhere');
}

/**
 * The call ended before anybody answered. `by`: whose word it was, if anybody's.
 *
 * | reason                                    | who said no now    | had said no | all others |
 * |-------------------------------------------|--------------------|-------------|------------|
 * | missed, cancelled, network_error, hangup  | –                  | nothing     | missed     |
 * | rejected, busy                            | rejected_elsewhere | nothing     | missed     |
 * | unavailable                               | ended              | nothing     | missed     |
 * | banned                                    | ended              | nothing     | ended      |
 *
 * Those whom nobody could ring had no part in it, so they missed the call whatever became of it.
 */
export function newsOfEnd(
  { userId, declined }: RungCallee,
  reason: CallEndReason,
  by: UserId | undefined,
): RingNews {
  if (reason === 'banned') return declined ? NOTHING : cancelled('ended');
  const said = reason === 'rejected' || reason === 'busy' || reason === 'unavailable';
  if (said && by === userId) return newsOfDecline(reason);
  return declined ? NOTHING : MISSED;
}
