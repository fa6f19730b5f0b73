import type { DialectName, EventOf, Message, MessageId, RoomId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import type { DeliveredBatch } from './delivered-batch.ts';

type ChatEvent = EventOf<
  | 'chat.message.created'
  | 'chat.message.read'
  | 'chat.message.delivered'
  | 'chat.room.updated'
  | 'chat.room.deleted'
>;

/** Brings what happened in conversations and rooms to the sockets of their members. Throws only before anything was sent, so that a repeat is no duplicate. */
export function createChatDelivery(
  { router, rooms, directory, logger }: Pick<SignalingContext, 'router' | 'rooms' | 'directory' | 'logger'>,
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
    const { receiverId, roomId, sender, id: messageId, conversationId } = message;
    if (roomId !== undefined) return saidInRoom(roomId, message, origin);
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

  /** To everybody there; only vocabularies that acknowledge what is sent with the message itself spare its sender the copy. */
  const saidInRoom = async (
    roomId: RoomId,
    message: Message,
    origin: EventOf<'chat.message.created'>['origin'],
  ): Promise<void> => {
    const senderEmail = await emailOf(message);
    const delivery = { type: 'message.created', message, senderEmail } as const;
    const native = { only: (dialect: DialectName) => dialect === 'native' };
    router.toRoom(roomId, delivery, { only: (dialect) => !native.only(dialect) });
    router.toRoom(roomId, delivery, origin === undefined ? native : { ...native, except: origin });
  };

  /** A message is not held up for it. */
  const emailOf = async ({ sender, id }: Message): Promise<string | null> => {
    try {
      return (await directory.get(sender.id))?.email ?? null;
    } catch (err) {
      logger.warn({ err, messageId: id }, 'a message goes out without the address of its sender');
      return null;
    }
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
      case 'chat.room.updated':
        router.toRoom(event.room.id, { type: 'room.updated', room: event.room });
        return Promise.resolve();
      case 'chat.room.deleted':
        return rooms.close(event.room.id);
    }
  };
}
