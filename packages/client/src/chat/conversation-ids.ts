import type { ConversationId, Target } from '../wire.ts';

/** `d:<lower user id>:<higher user id>`: the one conversation of two users, whoever writes first. */
export function directConversation(a: string, b: string): ConversationId {
  return (Number(a) <= Number(b) ? `d:${a}:${b}` : `d:${b}:${a}`) as ConversationId;
}

/** `r:<room id>` */
export function roomConversation(roomId: string): ConversationId {
  return `r:${roomId}` as ConversationId;
}

/** In which conversation of `me` a target lies. */
export function conversationOf(me: string, to: Target): ConversationId {
  return 'userId' in to ? directConversation(me, to.userId) : roomConversation(to.roomId);
}
