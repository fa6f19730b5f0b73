import { Message, type PublicUser, type UserId } from '@switchboard/protocol';
import type { MessageDoc } from '../store/message-model.ts';

/** A message as it was when it was stored: what its event says, however late that is published. */
export function messageAsStored(doc: MessageDoc): Message {
  // Stored by us, but still a boundary: what another version wrote is checked rather than believed.
  return Message.parse({
    id: doc._id,
    conversationId: doc.conversationId,
    seq: doc.seq,
    sender: doc.sender,
    receiverId: doc.receiverId,
    roomId: doc.roomId,
    content: doc.content,
    contentType: doc.contentType,
    clientMessageId: doc.clientMessageId,
    createdAt: doc.createdAt.toISOString(),
    readBy: [],
  });
}

/** A message as it is now. `readBy`: others who have read as far. `sender`: as they are called today, when that is known. */
export function messageNow(doc: MessageDoc, readBy: UserId[], sender: PublicUser | undefined): Message {
  const message = messageAsStored(doc);
  return {
    ...message,
    ...(sender ? { sender: { id: sender.id, username: sender.username, name: sender.name } } : {}),
    ...(doc.deliveredAt ? { deliveredAt: doc.deliveredAt.toISOString() } : {}),
    readBy,
  };
}
