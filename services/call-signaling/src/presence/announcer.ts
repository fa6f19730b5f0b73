import { foldPresence, type PendingPresence, type PresenceChange } from '@switchboard/domain';
import type { Clock } from '@switchboard/ports';
import type { PublicUser, UserId } from '@switchboard/protocol';
import type { Logger, UserDirectory } from '@switchboard/service-kit';
import type { Audience } from './audience.ts';

export interface Announcer extends AsyncDisposable {
  /** Somebody came or went; told within the coalescing time unless it is undone before with nobody having seen it. */
  note(change: PresenceChange): void;
  /** A newcomer is about to be shown who is here; disposed of when they were. What they see of changes not told yet cannot be undone in silence. */
  showing(): Disposable;
}

export interface AnnouncerParts {
  readonly coalesceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: UserDirectory;
  readonly online: () => Promise<readonly PublicUser[]>;
  readonly audience: Audience;
}

/**
 * Tells presence changes in batches. What is told is read afresh, for a user who went here may have come back on another node: a
 * change that is no longer true is dropped. While a dependency is away changes wait, folded, so that they never are more than the users.
 */
export function createAnnouncer(parts: AnnouncerParts): Announcer {
  const { coalesceMs, clock, logger, directory, online, audience } = parts;
  let pending: PendingPresence = new Map();
  /** Users with a pending change that a newcomer was shown, or may have been. */
  let shown = new Set<UserId>();
  let showings = 0;
  let timer: Disposable | undefined;
  let telling: Promise<void> = Promise.resolve();
  let closed = false;

  const arm = (): void => {
    if (timer || closed || pending.size === 0) return;
    timer = clock.after(coalesceMs, () => {
      timer = undefined;
      telling = telling.then(tell);
    });
  };

  const add = (change: PresenceChange): void => {
    const { userId, online: came } = change;
    if (showings > 0) shown.add(userId);
    pending = shown.has(userId) ? new Map(pending).set(userId, came) : foldPresence(pending, change);
  };

  const tell = async (): Promise<void> => {
    const changes = pending;
    const seen = shown;
    pending = new Map();
    shown = new Set();
    try {
      const list = await online();
      const here = new Map(list.map((user) => [user.id, user]));
      const joined = [...changes].flatMap(([id, came]) => (came ? (here.get(id) ?? []) : []));
      const gone = [...changes].filter(([id, came]) => !came && !here.has(id)).map(([id]) => id);
      const known = await directory.many(gone);
      const left = gone
        .flatMap((id) => known.get(id) ?? [])
        .map(({ id, username, name }) => ({ id, username, name }));
      if (joined.length + left.length === 0) return;
      await audience.announce({ online: list, joined, left, at: new Date(clock.now()).toISOString() });
    } catch (err) {
      logger.warn({ err, changes: changes.size }, 'presence changes could not be told, trying again');
      const later = pending;
      pending = changes;
      shown = new Set([...seen, ...shown]);
      for (const [userId, came] of later) add({ userId, online: came });
    }
    arm();
  };

  return {
    note(change) {
      add(change);
      arm();
    },
    showing() {
      for (const userId of pending.keys()) shown.add(userId);
      showings += 1;
      return {
        [Symbol.dispose]() {
          showings -= 1;
        },
      };
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      timer?.[Symbol.dispose]();
      await telling;
      // The sockets of other nodes shall hear that the users of this one are gone.
      if (pending.size > 0) await tell();
    },
  };
}
