import type { Target } from '../wire.ts';

/** `d:<lower user id>:<higher user id>`: the one conversation of two users, whoever writes first. */
export function directConversation(a: string, b: string): string {
  return Number(a) <= Number(b) ? `d:${a}:${b}` : `d:${b}:${a}`;
}

/** `r:<room id>` */
export function roomConversation(roomId: string): string {
  return `r:${roomId}`;
}

/** In which conversation of `me` a target lies. */
export function conversationOf(me: string, to: Target): string {
  return 'userId' in to ? directConversation(me, to.userId) : roomConversation(to.roomId);
}
