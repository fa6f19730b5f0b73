import type { Bus, ConsumerOptions } from '@switchboard/ports';
import { type BusEvent, type EventType, SwitchboardError } from '@switchboard/protocol';

/** One part of a service that acts on what happens. */
export interface EventFollower<T extends EventType = EventType> {
  readonly types: readonly T[];
  /**
   * Sees events of `types` alone. Must bear to see one again that it has dealt with: an event comes again until every follower has taken it.
   * (Not `EventOf<T>`, which would keep followers of different types out of one list.)
   * @throws a retryable SwitchboardError while something that it needs is away; anything else is an attempt that failed.
   */
  handle(event: BusEvent & { readonly type: T }): Promise<void>;
}

/**
 * One durable consumer for several parts of a service: each durable name costs the broker a replicated consumer per partition, whoever hears of it.
 * Followers of one event run side by side, and one's failure keeps no other from its work. The event is tried again while any of them fails: as one
 * that waits (a retryable SwitchboardError) if any of them waits, for what is away must not use up the attempts. Disposing stops all of them.
 */
export function followEvents(
  bus: Pick<Bus, 'consume'>,
  options: Omit<ConsumerOptions, 'types'>,
  followers: readonly EventFollower[],
): Promise<AsyncDisposable> {
  const types = [...new Set(followers.flatMap((follower) => follower.types))];
  return bus.consume({ ...options, types }, async (event) => {
    const following = followers.filter((follower) => follower.types.includes(event.type));
    throwFirst(await failuresOf(following, event));
  });
}

async function failuresOf(followers: readonly EventFollower[], event: BusEvent): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(followers.map(async (follower) => follower.handle(event)));
  return outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
}

function throwFirst(failures: readonly unknown[]): void {
  if (failures.length === 0) return;
  const waits = failures.find((failure) => failure instanceof SwitchboardError && failure.retryable);
  if (waits !== undefined) throw waits;
  throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'several followers failed');
}
