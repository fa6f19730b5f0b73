import type { UserId } from '@switchboard/protocol';

/** Somebody's first device came, or their last one went. */
export interface PresenceChange {
  readonly userId: UserId;
  readonly online: boolean;
}

/** Changes that nobody was told of yet: user → whether they are online now. */
export type PendingPresence = ReadonlyMap<UserId, boolean>;

/**
 * Adds a change to those pending. One that undoes a pending one cancels it, so that a reload within the window tells nobody; a repeated one is
 * told once. Returns the same map when nothing changed.
 */
export function foldPresence(pending: PendingPresence, change: PresenceChange): PendingPresence {
  const before = pending.get(change.userId);
  if (before === change.online) return pending;
  const next = new Map(pending);
  if (before === undefined) next.set(change.userId, change.online);
  else next.delete(change.userId);
  return next;
}
