import {
  type ChatTarget,
  type ConversationId,
  directConversation,
  ok,
  type Result,
  reject,
  roomConversation,
} from '@switchboard/protocol';
import type { Handler, SignalingContext } from '../context.ts';
import type { Session } from '../edge/session.ts';
import { notInRoom } from '../rooms/not-in-room.ts';

/** The same word in the same conversation again is swallowed this long; clients repeat it with every key. */
const REPEAT_MS = 1000;
/**
 * How soon after one "writes" another goes the same way, whatever was said between. "Writes no more" needs no measure of its own: it goes
 * out at once after a "writes" that went out, so that nobody is left writing, and is a repetition otherwise.
 */
const START_MS = 500;
/** Where one socket may be writing at a time, as far as we remember. */
const REMEMBERED = 50;

interface LastWord {
  readonly active: boolean;
  readonly at: number;
  /** When the last `active` went out. */
  readonly startedAt: number;
}

/** Typing goes from socket to sockets; nothing is stored. */
export function createChatTyping(): Handler<'chat.typing'> {
  const spoken = new WeakMap<Session, Map<ConversationId, LastWord>>();

  return async (session, { to, active }, context) => {
    const where = await conversationWith(session, to, context);
    if (!where.ok) return where;
    const conversationId = where.value;

    const now = context.clock.now();
    const words = spoken.get(session) ?? new Map<ConversationId, LastWord>();
    spoken.set(session, words);
    const last = words.get(conversationId);
    if (last && isTooSoon(last, active, now)) return ok({});
    words.delete(conversationId);
    words.set(conversationId, { active, at: now, startedAt: active ? now : (last?.startedAt ?? -Infinity) });
    for (const oldest of words.keys()) {
      if (words.size <= REMEMBERED) break;
      words.delete(oldest);
    }

    const { id, username, name } = session.identity;
    const typing = { type: 'typing', from: { id, username, name }, active, conversationId } as const;
    const others = { except: session.deviceId };
    if (to.kind === 'room') context.router.toRoom(to.roomId, { ...typing, roomId: to.roomId }, others);
    else await context.router.toUser(to.userId, typing, others);
    return ok({});
  };
}

async function conversationWith(
  session: Session,
  to: ChatTarget,
  context: SignalingContext,
): Promise<Result<ConversationId>> {
  if (to.kind === 'room') {
    const joined = await context.rooms.has(session, to.roomId);
    return joined ? ok(roomConversation(to.roomId)) : notInRoom(context, to.roomId);
  }
  const recipient = await context.directory.get(to.userId);
  if (recipient?.status !== 'active') return reject('USER_NOT_FOUND', 'User not found');
  return ok(directConversation(session.identity.id, to.userId));
}

function isTooSoon(last: LastWord, active: boolean, now: number): boolean {
  if (last.active === active) return now - last.at < REPEAT_MS;
  return active && now - last.startedAt < START_MS;
}
