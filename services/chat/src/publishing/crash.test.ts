import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '@switchboard/embedded-mongo';
import { externalMongo, startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import type { Bus } from '@switchboard/ports';
import { ConversationId, type RoomId, unavailable } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteRoom } from '../rooms/delete-room.ts';
import { updateRoom } from '../rooms/update-room.ts';
import { identity, range, sweeping, TestNode, until } from '../testing/chat-harness.ts';

/** A bus that loses its connection to the broker: requests are answered, nothing can be published. */
function mute(bus: Bus): Bus {
  return { ...bus, publish: () => Promise.reject(unavailable('the bus')) };
}

describe('a crash between insert and publish', () => {
  let database: TestMongo;
  beforeAll(async () => {
    database = await startTestMongo();
  });
  afterAll(() => database?.[Symbol.asyncDispose]());

  it('loses no event and no list entry: another node publishes each once', async () => {
    const broken = await TestNode.start(database.database('crash'), { wrapBus: mute });
    const sent = await Promise.all(range(50).map((n) => broken.send(1, 2 + (n % 5), `message ${n}`)));
    expect(broken.events).toEqual([]);
    // As after a kill: the list entries were not written either.
    await until(
      'the entries are there to be removed',
      async () => (await broken.mongo.connection.collection('conversations').countDocuments()) === 5,
    );
    await broken.mongo.connection.collection('conversations').deleteMany({});
    await broken[Symbol.asyncDispose]();

    const next = await TestNode.start(database.database('crash'), { env: sweeping });
    try {
      await until('everything is published', () => next.events.length >= 50);
      const messages = next.mongo.connection.collection('messages');
      await until(
        'no mark is left',
        async () => (await messages.countDocuments({ outbox: { $exists: true } })) === 0,
      );
      const ids = next.eventsOf('chat.message.created').map((event) => event.message.id);
      expect(ids.toSorted()).toEqual(sent.map(({ message }) => message.id).sort());
      for (const event of next.eventsOf('chat.message.created')) {
        expect(event.message).toEqual(sent.find(({ message }) => message.id === event.message.id)?.message);
      }
      const { conversations } = await next.must('chat.conversations', { actor: identity(2), limit: 50 });
      expect(conversations).toMatchObject([{ id: 'd:1:2', lastSeq: 10, unread: 10 }]);
    } finally {
      await next[Symbol.asyncDispose]();
    }
  });

  it('publishes receipts that a dead node left', async () => {
    const healthy = await TestNode.start(database.database('receipts'));
    const { message } = await healthy.send(1, 2, 'read me');
    await until('published', () => healthy.events.length === 1);
    await healthy[Symbol.asyncDispose]();

    const broken = await TestNode.start(database.database('receipts'), { wrapBus: mute });
    const conversationId = ConversationId.parse('d:1:2');
    await broken.must('chat.delivered', { deliveries: [{ conversationId, messageId: message.id }] });
    await broken.must('chat.read', { actor: identity(2), messageIds: [message.id] });
    await broken[Symbol.asyncDispose]();

    const next = await TestNode.start(database.database('receipts'), { env: sweeping });
    try {
      await until('both are published', () => next.events.length === 2);
      expect(next.eventsOf('chat.message.delivered')).toMatchObject([
        { conversationId, authorId: '1', messageIds: [message.id] },
      ]);
      expect(next.eventsOf('chat.message.read')).toMatchObject([
        { conversationId, readerId: '2', upToSeq: 1, read: [{ authorId: '1', messageIds: [message.id] }] },
      ]);
    } finally {
      await next[Symbol.asyncDispose]();
    }
  });

  it('loses no word about a room, nor the order of the words, nor where its members were', async () => {
    const broken = await TestNode.start(database.database('rooms'), { wrapBus: mute });
    const actor = identity(1);
    const kept = await broken.makeRoom(1, 'Kept');
    await updateRoom(broken.context, { actor, roomId: kept.id, name: 'Kept and renamed' });
    const gone = await broken.makeRoom(1, 'Gone', { unique: true });
    await deleteRoom(broken.context, { actor, roomId: gone.id });
    const { message } = await broken.say(2, kept.id, 'hello');
    await broken.must('chat.read', { actor: identity(3), messageIds: [message.id] });
    expect(broken.events).toEqual([]);
    // As after a kill: the sender's place was not written either.
    const places = broken.mongo.connection.collection('room_positions');
    await until(
      'the place is there to be removed',
      async () => (await places.countDocuments({ userId: '2' })) === 1,
    );
    await places.deleteMany({ userId: '2' });
    await broken[Symbol.asyncDispose]();

    const next = await TestNode.start(database.database('rooms'), { env: sweeping });
    try {
      await until('everything is published', () => next.events.length >= 6);
      const words = (id: RoomId) =>
        next.events.flatMap((event) =>
          'room' in event && event.room.id === id ? [`${event.type} ${event.room.name}`] : [],
        );
      expect(words(kept.id)).toEqual(['chat.room.created Kept', 'chat.room.updated Kept and renamed']);
      expect(words(gone.id)).toEqual(['chat.room.created Gone', 'chat.room.deleted Gone']);
      expect(next.eventsOf('chat.message.created')).toMatchObject([{ message: { roomId: kept.id } }]);
      expect(next.eventsOf('chat.message.read')).toMatchObject([
        { readerId: '3', read: [{ authorId: '2', messageIds: [message.id] }] },
      ]);
      for (const reader of [2, 3]) {
        const { conversations } = await next.must('chat.conversations', {
          actor: identity(reader),
          limit: 50,
        });
        expect(conversations).toMatchObject([{ roomId: kept.id, lastSeq: 1, unread: 0 }]);
      }
    } finally {
      await next[Symbol.asyncDispose]();
    }
  });

  it('publishes what stands behind any number of messages that cannot be', async () => {
    const broken = await TestNode.start(database.database('head'), { wrapBus: mute });
    await broken.send(1, 2, 'behind them');
    const messages = broken.mongo.connection.collection('messages');
    const stored = await messages.findOne({});
    // Older, of one moment, more than a sweep looks at together, and no messages at all.
    await messages.insertMany(
      range(450).map((n) => ({
        ...stored,
        _id: `damaged-${n}` as never,
        conversationId: 'd:8:9',
        seq: n,
        contentType: 'riddle',
        outbox: { at: new Date(0) },
      })),
    );
    await broken[Symbol.asyncDispose]();

    const next = await TestNode.start(database.database('head'), { env: sweeping });
    try {
      await until('it is published', () => next.events.length === 1);
      expect(next.eventsOf('chat.message.created')[0]?.message.content).toBe('behind them');
    } finally {
      await next[Symbol.asyncDispose]();
    }
  });

  it('makes up for a long outage together and in order, for messages whatever receipts wait for', async () => {
    const broken = await TestNode.start(database.database('long'), { wrapBus: mute });
    const deliveries = await Promise.all(
      range(3).map(async (receiver) => {
        const conversationId = ConversationId.parse(`d:1:${receiver + 2}`);
        const sent = [];
        for (const n of range(80)) sent.push(await broken.send(1, receiver + 2, `message ${n}`));
        return sent.map(({ message }) => ({ conversationId, messageId: message.id }));
      }),
    );
    await broken.must('chat.delivered', { deliveries: deliveries.flat() });
    await broken[Symbol.asyncDispose]();

    let underWay = 0;
    let most = 0;
    let receipts = 0;
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const slow = (bus: Bus): Bus => ({
      ...bus,
      async publish(event) {
        if (event.type === 'chat.message.delivered') {
          receipts += 1;
          await opened;
        } else {
          underWay += 1;
          most = Math.max(most, underWay);
          await new Promise((resolve) => setTimeout(resolve, 20));
          underWay -= 1;
        }
        await bus.publish(event);
      },
    });
    const next = await TestNode.start(database.database('long'), { env: sweeping, wrapBus: slow });
    try {
      await until('receipts are waited for', () => receipts === 3);
      await until('messages are published', () => next.eventsOf('chat.message.created').length >= 240);
      expect(most).toBeGreaterThan(100);
      for (const { conversationId } of deliveries.flatMap(([first]) => first ?? [])) {
        const seqs = next
          .eventsOf('chat.message.created')
          .filter(({ message }) => message.conversationId === conversationId)
          .map(({ message }) => message.seq);
        expect(seqs).toEqual(range(80));
      }
      open();
      await until('receipts are published', () => next.eventsOf('chat.message.delivered').length >= 3);
      const told = next.eventsOf('chat.message.delivered').flatMap(({ messageIds }) => messageIds);
      expect(told.toSorted()).toEqual(
        deliveries.flatMap((each) => each.map(({ messageId }) => messageId)).sort(),
      );
      const messages = next.mongo.connection.collection('messages');
      const marked = { $or: [{ outbox: { $exists: true } }, { receipt: { $exists: true } }] };
      await until('no mark is left', async () => (await messages.countDocuments(marked)) === 0);
    } finally {
      open();
      await next[Symbol.asyncDispose]();
    }
  });

  it('acknowledges without waiting for the bus', async () => {
    const hanging = (bus: Bus): Bus => ({ ...bus, publish: () => new Promise(() => undefined) });
    const node = await TestNode.start(database.database('hanging'), { wrapBus: hanging });
    const { message } = await node.send(1, 2, 'acknowledged');
    expect(message.seq).toBe(1);
    expect((await node.send(1, 2, 'and the next')).message.seq).toBe(2);
    const stopped = Date.now();
    await node[Symbol.asyncDispose]();
    expect(Date.now() - stopped).toBeLessThan(8_000);
  });
});

// It stops the database and starts it again, which only the embedded one lets it.
describe.skipIf(externalMongo)('while the database is away', () => {
  it('refuses in a way that can be tried again, acknowledges nothing, and recovers by itself', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-away-'));
    await using _folder = { [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) };
    const database = await startEmbeddedMongo({ dataDir });
    await using node = await TestNode.start(database.url, { env: sweeping });
    await node.send(1, 2, 'before', 'm1');
    await database[Symbol.asyncDispose]();
    const refused = await Promise.all(
      range(5).map((n) =>
        node.bus.request(
          'chat.send',
          {
            actor: identity(1),
            to: { kind: 'direct', userId: identity(2).id },
            content: `during ${n}`,
            contentType: 'text',
            clientMessageId: `away-${n}`,
          },
          { timeoutMs: 15_000 },
        ),
      ),
    );
    for (const result of refused) {
      expect(result).toMatchObject({ ok: false, error: { code: 'SERVICE_UNAVAILABLE', retryable: true } });
    }
    const history = await node.bus.request(
      'chat.history',
      { actor: identity(1), conversationId: ConversationId.parse('d:1:2'), limit: 10 },
      { timeoutMs: 15_000 },
    );
    expect(history).toMatchObject({ ok: false, error: { code: 'SERVICE_UNAVAILABLE', retryable: true } });

    await using _again = await startEmbeddedMongo({ dataDir, port: database.port });
    await until(
      'sends work again',
      async () => {
        const result = await node.bus.request('chat.send', {
          actor: identity(1),
          to: { kind: 'direct', userId: identity(2).id },
          content: 'during 1',
          contentType: 'text',
          clientMessageId: 'away-1',
        });
        return result.ok;
      },
      15_000,
    );
    const all = await node.must('chat.sync', {
      actor: identity(2),
      conversationId: ConversationId.parse('d:1:2'),
      after: 0,
      limit: 50,
    });
    expect(all.messages.map(({ seq, content }) => [seq, content])).toEqual([
      [1, 'before'],
      [2, 'during 1'],
    ]);
    await until('both are published', () => node.eventsOf('chat.message.created').length === 2);
  }, 60_000);
});
