import type { EventOf, MessageId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { DeliveredBatch } from './delivered-batch.ts';

type ChatEvent = EventOf<'chat.message.created' | 'chat.message.read' | 'chat.message.delivered'>;

/** Brings what happened in conversations to the sockets of their members. Throws only before anything was sent, so that a repeat is no duplicate. */
export function createChatDelivery(
  { router, logger }: Pick<SignalingContext, 'router' | 'logger'>,
  delivered: DeliveredBatch,
): (event: ChatEvent) => Promise<void> {
  /** Sockets that only hear a copy; their miss must not repeat what others heard already. */
  const copy = async (sending: Promise<number>): Promise<void> => {
    try {
      await sending;
    } catch (err) {
      logger.warn({ err }, 'copy for the other devices not delivered');
    }
  };

  const created = async ({ message, origin }: EventOf<'chat.message.created'>): Promise<void> => {
    const { receiverId, sender, id: messageId, conversationId } = message;
    // A room's messages have no receiver; rooms bring their own delivery.
    if (receiverId === undefined) return;
    const delivery = { type: 'message.created', message } as const;
    const except = origin === undefined ? {} : { except: origin };
    if (receiverId === sender.id) {
      await router.toUser(receiverId, delivery, except);
      return;
    }
    const reached = await router.toUser(receiverId, delivery);
    if (reached > 0) delivered.add({ conversationId, messageId });
    await copy(router.toUser(sender.id, delivery, except));
  };

  const read = async (event: EventOf<'chat.message.read'>): Promise<void> => {
    const { conversationId, readerId, upToSeq, at } = event;
    for (const [index, { authorId, messageIds }] of event.read.entries()) {
      const delivery = {
        type: 'message.read',
        conversationId,
        messageIds,
        authorId,
        readerId,
        upToSeq,
        at,
      } as const;
      const toAuthor = router.toUser(authorId, delivery);
      await (index === 0 ? toAuthor : copy(toAuthor));
      if (authorId !== readerId) await copy(router.toUser(readerId, delivery));
    }
  };

  const reached = async (event: EventOf<'chat.message.delivered'>): Promise<void> => {
    const { conversationId, authorId, at } = event;
    const tell = (messageId: MessageId): Promise<number> =>
      router.toUser(authorId, { type: 'message.delivered', messageId, conversationId, at });
    const [first, ...others] = event.messageIds;
    if (first !== undefined) await tell(first);
    for (const messageId of others) await copy(tell(messageId));
  };

  return (event) => {
    switch (event.type) {
      case 'chat.message.created':
        return created(event);
      case 'chat.message.read':
        return read(event);
      case 'chat.message.delivered':
        return reached(event);
    }
  };
}
