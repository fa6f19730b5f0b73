import type { Bus, Clock } from '@switchboard/ports';
import { type DirectoryUser, orThrow, type UserId } from '@switchboard/protocol';
import { LRUCache } from 'lru-cache';
import { listenForChanges } from './invalidation.ts';

/** The bound of one 'auth.users.get'. */
const BATCH = 200;

/** Users as other services may know them: of any status, remembered for a while, dropped when a notice says they changed. */
export interface UserDirectory extends AsyncDisposable {
  /** Undefined for an unknown id. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable. */
  get(id: UserId): Promise<DirectoryUser | undefined>;
  /** Unknown ids are left out; otherwise in the order asked for. @throws as `get`. */
  many(ids: Iterable<UserId>): Promise<Map<UserId, DirectoryUser>>;
}

export interface UserDirectoryOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Users remembered. Default 50 000. */
  readonly max?: number;
  /** How long one is believed that no notice contradicts. Default 30 000. */
  readonly cacheMs?: number;
}

interface Entry {
  readonly user: DirectoryUser;
  readonly until: number;
}

interface Question {
  readonly id: UserId;
  outdated: boolean;
  readonly answer: Promise<DirectoryUser | undefined>;
  readonly resolve: (user: DirectoryUser | undefined) => void;
  readonly reject: (error: unknown) => void;
}

export function createUserDirectory(options: UserDirectoryOptions): UserDirectory {
  const { bus, clock, max = 50_000, cacheMs = 30_000 } = options;
  const entries = new LRUCache<UserId, Entry>({ max });
  /** Asked and unanswered; a second asker shares the answer. */
  const asked = new Map<UserId, Question>();
  let waiting: Question[] = [];

  const invalidation = listenForChanges(bus, (notice) => {
    if (notice.type !== 'user.changed' && notice.type !== 'session.revoked') return;
    entries.delete(notice.userId);
    const question = asked.get(notice.userId);
    if (!question) return;
    question.outdated = true;
    asked.delete(notice.userId);
  });

  const ask = async (questions: readonly Question[], keep: boolean): Promise<void> => {
    try {
      const reply = orThrow(await bus.request('auth.users.get', { userIds: questions.map(({ id }) => id) }));
      const users = new Map(reply.users.map((user) => [user.id, user]));
      const until = clock.now() + cacheMs;
      for (const question of questions) {
        const user = users.get(question.id);
        if (user && keep && !question.outdated) entries.set(user.id, { user, until });
        question.resolve(user);
      }
    } catch (error) {
      for (const question of questions) question.reject(error);
    } finally {
      for (const question of questions) {
        if (asked.get(question.id) === question) asked.delete(question.id);
      }
    }
  };

  /** Everything asked for in one turn goes out together. */
  const send = (): void => {
    const questions = waiting;
    waiting = [];
    const keep = invalidation.established;
    for (let at = 0; at < questions.length; at += BATCH) void ask(questions.slice(at, at + BATCH), keep);
  };

  const find = async (id: UserId): Promise<DirectoryUser | undefined> => {
    const entry = entries.get(id);
    if (entry && entry.until > clock.now()) return entry.user;
    const running = asked.get(id);
    if (running) return running.answer;
    const question = newQuestion(id);
    asked.set(id, question);
    if (waiting.push(question) === 1) setImmediate(send);
    return question.answer;
  };

  return {
    async get(id) {
      const user = await find(id);
      return user && { ...user };
    },
    async many(ids) {
      const unique = [...new Set(ids)];
      const users = await Promise.all(unique.map(find));
      const found = new Map<UserId, DirectoryUser>();
      for (const user of users) if (user) found.set(user.id, { ...user });
      return found;
    },
    async [Symbol.asyncDispose]() {
      await invalidation[Symbol.asyncDispose]();
      entries.clear();
    },
  };
}

function newQuestion(id: UserId): Question {
  let resolve: Question['resolve'] = () => undefined;
  let reject: Question['reject'] = () => undefined;
  const answer = new Promise<DirectoryUser | undefined>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { id, outdated: false, answer, resolve, reject };
}
