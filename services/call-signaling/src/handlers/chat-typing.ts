import { directConversation, ok, reject, type UserId } from '@switchboard/protocol';
import type { Handler } from '../context.ts';
import type { Session } from '../edge/session.ts';

/** The same word to the same user again is swallowed this long; clients repeat it with every key. */
const REPEAT_MS = 1000;
/**
 * How soon after one "writes" another goes to the same user, whatever was said between. "Writes no more" needs no measure of its own: it goes
 * out at once after a "writes" that went out, so that nobody is left writing, and is a repetition otherwise.
 */
const START_MS = 500;
/** Whom one socket may be writing to at a time, as far as we remember. */
const REMEMBERED = 50;

interface LastWord {
  readonly active: boolean;
  readonly at: number;
  /** When the last `active` went out. */
  readonly startedAt: number;
}

/** Typing goes from socket to sockets; nothing is stored. */
export function createChatTyping(): Handler<'chat.typing'> {
  const spoken = new WeakMap<Session, Map<UserId, LastWord>>();

  return async (session, { to, active }, { router, directory, clock }) => {
    if (to.kind === 'room') return reject('ROOM_NOT_FOUND', 'No such room');
    const recipient = await directory.get(to.userId);
    if (recipient?.status !== 'active') return reject('USER_NOT_FOUND', 'User not found');

    const now = clock.now();
    const words = spoken.get(session) ?? new Map<UserId, LastWord>();
    spoken.set(session, words);
    const last = words.get(to.userId);
    if (last && isTooSoon(last, active, now)) return ok({});
    words.delete(to.userId);
    words.set(to.userId, { active, at: now, startedAt: active ? now : (last?.startedAt ?? -Infinity) });
    for (const oldest of words.keys()) {
      if (words.size <= REMEMBERED) break;
      words.delete(oldest);
    }

    const { id, username, name } = session.identity;
    const conversationId = directConversation(id, to.userId);
    await router.toUser(
      to.userId,
      { type: 'typing', from: { id, username, name }, active, conversationId },
      { except: session.deviceId },
    );
    return ok({});
  };
}

function isTooSoon(last: LastWord, active: boolean, now: number): boolean {
  if (last.active === active) return now - last.at < REPEAT_MS;
  return active && now - last.startedAt < START_MS;
}
