import { foldPresence, type PendingPresence, type PresenceChange } from '@switchboard/domain';
import type { Clock } from '@switchboard/ports';
import type { PublicUser } from '@switchboard/protocol';
import type { Logger, UserDirectory } from '@switchboard/service-kit';
import type { Audience } from './audience.ts';

export interface Announcer extends AsyncDisposable {
  /** Somebody came or went; told within the coalescing time unless it is undone before. */
  note(change: PresenceChange): void;
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

  const tell = async (): Promise<void> => {
    const changes = pending;
    pending = new Map();
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
      for (const [userId, came] of later) pending = foldPresence(pending, { userId, online: came });
    }
    arm();
  };

  return {
    note(change) {
      pending = foldPresence(pending, change);
      arm();
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
