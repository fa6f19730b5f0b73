import { directConversation, ok, reject, type UserId } from '@switchboard/protocol';
import type { Handler } from '../context.ts';
import type { Session } from '../edge/session.ts';

/** The same word to the same user again is swallowed this long; clients repeat it with every key. */
const REPEAT_MS = 1000;
/** Whom one socket may be writing to at a time, as far as we remember. */
const REMEMBERED = 50;

interface LastWord {
  readonly active: boolean;
  readonly at: number;
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
    if (last?.active === active && now - last.at < REPEAT_MS) return ok({});
    words.delete(to.userId);
    words.set(to.userId, { active, at: now });
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
