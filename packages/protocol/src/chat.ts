import { z } from 'zod';
import { ConversationId, MessageId, RoomId, UserId } from './ids.ts';
import { PublicUser } from './user.ts';

export const ContentType = z.enum(['text', 'image', 'file']);
export type ContentType = z.infer<typeof ContentType>;

/** Where a message goes, as a client names it. */
export const ChatTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('direct'), userId: UserId }),
  z.object({ kind: z.literal('room'), roomId: RoomId }),
]);
export type ChatTarget = z.infer<typeof ChatTarget>;

/** A stored message. `seq` counts from 1 without holes inside one conversation. */
export const Message = z.object({
  id: MessageId,
  conversationId: ConversationId,
  seq: z.number().int().positive(),
  sender: PublicUser,
  /** The other member of a direct conversation; absent in rooms. */
  receiverId: UserId.optional(),
  roomId: RoomId.optional(),
  content: z.string(),
  contentType: ContentType,
  clientMessageId: z.string().optional(),
  createdAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().optional(),
  readBy: z.array(UserId),
});
export type Message = z.infer<typeof Message>;

/** One entry of a user's conversation list. */
export const ConversationSummary = z.object({
  id: ConversationId,
  kind: z.enum(['direct', 'room']),
  /** The other member, for a direct conversation. */
  with: PublicUser.optional(),
  roomId: RoomId.optional(),
  lastSeq: z.number().int().nonnegative(),
  lastMessage: Message.optional(),
  readSeq: z.number().int().nonnegative(),
  unread: z.number().int().nonnegative(),
});
export type ConversationSummary = z.infer<typeof ConversationSummary>;
