import type { Bus, Clock } from '@switchboard/ports';
import {
  type BusEvent,
  type ConversationSummary,
  directConversation,
  directMembers,
  type Message,
  MessageId,
  ok,
  type RequestPayload,
  type RequestReply,
  type Room,
  RoomId,
  reject,
  roomConversation,
  toRejection,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import { newEvent, uuidv7 } from '@switchboard/service-kit';

/** Stands in for the chat service: messages in memory, events after the acknowledgement, no receipts but the ones asked of it. */
export interface ChatStandIn extends AsyncDisposable {
  readonly messages: readonly Message[];
  readonly delivered: readonly string[];
  /** A room that is active from now on. */
  room(name?: string): Room;
  /** With the event. */
  rename(roomId: RoomId, name: string): void;
  delete(roomId: RoomId): void;
  away: boolean;
  /** Awaited before a send is stored, to hold one back; what it throws is what becomes of that one. */
  beforeSend: (content: string) => Promise<void>;
  /** Awaited when the messages of a request are stored; what it throws loses the reply. */
  afterSend: () => Promise<void>;
  /** How many messages came with each request to send. */
  readonly requests: readonly number[];
}

type Answer = RequestReply<'chat.send.batch'>['answers'][number];

/** As the outbox of the real one does: what cannot be published now is not lost, and nobody waits for it. */
function publish(bus: Bus, event: BusEvent): void {
  bus.publish(event).catch(() => undefined);
}

export async function createChatStandIn(bus: Bus, clock: Clock): Promise<ChatStandIn> {
  const messages: Message[] = [];
  const delivered: string[] = [];
  const requests: number[] = [];
  const rooms = new Map<RoomId, Room>();
  const put = (room: Room): Room => {
    rooms.set(room.id, room);
    return room;
  };
  const change = (
    type: 'chat.room.updated' | 'chat.room.deleted',
    roomId: RoomId,
    changes: Partial<Room>,
  ): void => {
    const room = rooms.get(roomId);
    if (room) publish(bus, newEvent({ type, room: put({ ...room, ...changes }) }, clock));
  };
  const chat = {
    messages,
    delivered,
    requests,
    away: false,
    beforeSend: async (_content: string) => {},
    afterSend: async () => {},
    room: (name = `Room ${rooms.size + 1}`) =>
      put({
        id: RoomId.parse(String(rooms.size + 1)),
        name,
        description: '',
        kind: 'chat',
        creator: { id: UserId.parse('1'), username: 'creator', name: 'Creator' },
        createdAt: at(),
        active: true,
      }),
    rename: (roomId: RoomId, name: string) => change('chat.room.updated', roomId, { name }),
    delete: (roomId: RoomId) => change('chat.room.deleted', roomId, { active: false }),
  };
  const at = () => new Date(clock.now()).toISOString();

  const send = async (request: RequestPayload<'chat.send'>): Promise<Answer> => {
    if (chat.away) throw unavailable('chat');
    await chat.beforeSend(request.content);
    const { actor, to } = request;
    if (to.kind === 'room' && !rooms.get(to.roomId)?.active) return reject('ROOM_NOT_FOUND', 'No such room');
    const conversationId =
      to.kind === 'room' ? roomConversation(to.roomId) : directConversation(actor.id, to.userId);
    const known = messages.find(
      ({ sender, clientMessageId }) =>
        clientMessageId !== undefined &&
        clientMessageId === request.clientMessageId &&
        sender.id === actor.id,
    );
    if (known) return ok({ message: known, duplicate: true });
    const message: Message = {
      id: MessageId.parse(uuidv7(clock.now())),
      conversationId,
      seq: messages.filter((one) => one.conversationId === conversationId).length + 1,
      sender: { id: actor.id, username: actor.username, name: actor.name },
      ...(to.kind === 'room' ? { roomId: to.roomId } : { receiverId: to.userId }),
      content: request.content,
      contentType: request.contentType,
      ...(request.clientMessageId === undefined ? {} : { clientMessageId: request.clientMessageId }),
      createdAt: at(),
      readBy: [],
    };
    messages.push(message);
    const origin = request.origin === undefined ? {} : { origin: request.origin };
    publish(bus, newEvent({ type: 'chat.message.created', message, ...origin }, clock));
    return ok({ message, duplicate: false });
  };

  const served = await Promise.all([
    bus.serve('chat.send', async (request) => {
      requests.push(1);
      const answer = await send(request);
      await chat.afterSend();
      return answer;
    }),
    bus.serve('chat.send.batch', async ({ messages: outgoing, ...from }) => {
      requests.push(outgoing.length);
      const answers: Answer[] = [];
      for (const each of outgoing) {
        const answer = send({ ...from, ...each });
        answers.push(await answer.catch((error: unknown) => ({ ok: false, error: toRejection(error) })));
      }
      await chat.afterSend();
      return ok({ answers });
    }),
    bus.serve('chat.room.get', async ({ roomId }) => {
      if (chat.away) throw unavailable('chat');
      const room = rooms.get(roomId);
      return room?.active ? ok({ room }) : reject('ROOM_NOT_FOUND', 'No such room');
    }),
    bus.serve('chat.read', async ({ actor, messageIds }) => {
      const named = messages.filter(({ id }) => messageIds.includes(id));
      const [first] = named;
      if (!first?.conversationId.split(':').includes(actor.id)) return reject('PERMISSION_DENIED', 'No');
      const upToSeq = Math.max(...named.map(({ seq }) => seq));
      const read = [{ authorId: first.sender.id, messageIds: named.map(({ id }) => id) }];
      const { conversationId } = first;
      publish(
        bus,
        newEvent({ type: 'chat.message.read', conversationId, readerId: actor.id, read, upToSeq }, clock),
      );
      return ok({ upToSeq });
    }),
    bus.serve('chat.delivered', async ({ deliveries }) => {
      if (chat.away) throw unavailable('chat');
      for (const { messageId, conversationId } of deliveries) {
        delivered.push(messageId);
        const message = messages.find(({ id }) => id === messageId);
        if (!message) continue;
        const body = { conversationId, authorId: message.sender.id, messageIds: [messageId] };
        publish(bus, newEvent({ type: 'chat.message.delivered', ...body }, clock));
      }
      return ok({});
    }),
    bus.serve('chat.sync', async ({ conversationId, after }) =>
      ok({
        messages: messages.filter((one) => one.conversationId === conversationId && one.seq > after),
        more: false,
      }),
    ),
    bus.serve('chat.history', async ({ conversationId }) =>
      ok({ messages: messages.filter((one) => one.conversationId === conversationId), more: false }),
    ),
    bus.serve('chat.conversations', async ({ actor }) => {
      const mine = new Map<string, ConversationSummary>();
      for (const { conversationId: id, sender, receiverId, seq } of messages) {
        const others = directMembers(id)?.filter((member) => member !== actor.id) ?? [];
        const [other] = others;
        if (!other || others.length === 2 || receiverId === undefined) continue;
        const with_ = sender.id === other ? sender : { id: other, username: other, name: other };
        mine.set(id, { id, kind: 'direct', with: with_, lastSeq: seq, readSeq: 0, unread: 0 });
      }
      return ok({ conversations: [...mine.values()] });
    }),
  ]);
  return Object.assign(chat, {
    async [Symbol.asyncDispose]() {
      for (const one of served) await one[Symbol.asyncDispose]();
    },
  });
}
