import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { Requests } from '../connection/requests.ts';
import type { SwitchboardError } from '../errors.ts';
import { FakeLines, refusal } from '../testing/fake-lines.ts';
import type { ConversationSummary, Message } from '../wire.ts';
import { PAGE, Timelines } from './timelines.ts';

const message = (conversationId: string, seq: number): Message => ({
  id: `${conversationId}#${seq}`,
  conversationId,
  seq,
  sender: { id: '2', username: 'bob', name: 'Bob' },
  content: 'x',
  contentType: 'text',
  createdAt: '2026-01-01T00:00:00.000Z',
  readBy: [],
});
const listed = (id: string, lastSeq: number): ConversationSummary => ({
  id,
  kind: id.startsWith('r:') ? 'room' : 'direct',
  lastSeq,
  readSeq: 0,
  unread: lastSeq,
});

/** A server that has so many messages of each conversation. */
async function setUp(positions: Record<string, number> = {}) {
  const lines = new FakeLines();
  const stored = new Map<string, number>();
  const syncs: string[] = [];
  lines.answer = (event, { conversationId, after, limit }) => {
    if (event !== 'chat.sync') throw new Error(event);
    syncs.push(`${String(conversationId)} after ${String(after)}`);
    const last = stored.get(String(conversationId)) ?? 0;
    const to = Math.min(last, Number(after) + Number(limit));
    const messages = Array.from({ length: Math.max(0, to - Number(after)) }, (_, n) =>
      message(String(conversationId), Number(after) + n + 1),
    );
    return { messages, more: to < last };
  };
  const backoff = { baseMs: 10, maxMs: 10 };
  const credentials = { token: async () => 't', refresh: async () => 't' };
  const connection = new Connection(lines.open, credentials, { openTimeoutMs: 100, backoff });
  connection.connect();
  await connection.ready();
  const requests = new Requests(connection, { ackTimeoutMs: 100, deadlineMs: 1_000, backoff });
  const delivered: string[] = [];
  const failures: SwitchboardError[] = [];
  const timelines = new Timelines(
    requests,
    { deliver: ({ id }) => delivered.push(id), failed: (error) => failures.push(error), patienceMs: 100 },
    positions,
  );
  return { lines, stored, syncs, timelines, delivered, failures };
}

const ids = (conversation: string, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => `${conversation}#${from + n}`);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('where a timeline begins', () => {
  it('after what the first list held', async () => {
    const { timelines, delivered } = await setUp();
    await timelines.catchUp([listed('d:1:2', 7)]);
    timelines.accept(message('d:1:2', 8));
    expect([delivered, timelines.positions()]).toEqual([['d:1:2#8'], { 'd:1:2': 8 }]);
  });

  it('with a message that came while the list was asked for, though the list counts it', async () => {
    const { timelines, delivered } = await setUp();
    timelines.accept(message('d:1:2', 8));
    expect(delivered).toEqual([]);
    await timelines.catchUp([listed('d:1:2', 8)]);
    expect(delivered).toEqual(['d:1:2#8']);
  });

  it('at the first message of a conversation that was not there before', async () => {
    const { timelines, delivered, stored } = await setUp();
    await timelines.catchUp([]);
    stored.set('d:1:3', 3);
    timelines.accept(message('d:1:3', 3));
    await vi.advanceTimersByTimeAsync(150);
    expect(delivered).toEqual(ids('d:1:3', 1, 3));
    // Or that the list shows after a reconnect.
    stored.set('d:1:4', 2);
    await timelines.catchUp([listed('d:1:3', 3), listed('d:1:4', 2)]);
    expect(delivered.slice(3)).toEqual(ids('d:1:4', 1, 2));
  });

  it('with the first arrival where the list may have left the conversation out', async () => {
    const { timelines, delivered } = await setUp();
    await timelines.catchUp(Array.from({ length: PAGE }, (_, n) => listed(`d:1:${n + 10}`, 1)));
    timelines.accept(message('d:1:2', 40));
    expect(delivered).toEqual(['d:1:2#40']);
  });

  it('where the application says', async () => {
    const { timelines, delivered, stored } = await setUp({ 'd:1:2': 5 });
    stored.set('d:1:2', 450);
    await timelines.catchUp([listed('d:1:2', 450)]);
    expect(delivered).toEqual(ids('d:1:2', 6, 450));
  });

  it('of a room where one enters it; of rooms one is not in nothing is told', async () => {
    const { timelines, delivered } = await setUp();
    await timelines.catchUp([listed('r:5', 9)]);
    await timelines.catchUp([listed('r:5', 12)]);
    expect(delivered).toEqual([]);
    timelines.follow('r:5', 12);
    timelines.accept(message('r:5', 13));
    expect(delivered).toEqual(['r:5#13']);
  });
});

describe('a gap', () => {
  it('that closes by itself in time is not asked for', async () => {
    const { timelines, delivered, syncs } = await setUp();
    await timelines.catchUp([listed('d:1:2', 1)]);
    timelines.accept(message('d:1:2', 3));
    await vi.advanceTimersByTimeAsync(50);
    timelines.accept(message('d:1:2', 2));
    await vi.advanceTimersByTimeAsync(500);
    expect([delivered, syncs]).toEqual([ids('d:1:2', 2, 3), []]);
  });

  it('is repaired in pages, once, and what arrives meanwhile comes in its turn', async () => {
    const { timelines, delivered, stored, syncs } = await setUp();
    await timelines.catchUp([listed('d:1:2', 1)]);
    stored.set('d:1:2', 500);
    timelines.accept(message('d:1:2', 400));
    timelines.accept(message('d:1:2', 500));
    await vi.advanceTimersByTimeAsync(100);
    timelines.accept(message('d:1:2', 501));
    stored.set('d:1:2', 501);
    await vi.advanceTimersByTimeAsync(100);
    expect(delivered).toEqual(ids('d:1:2', 2, 501));
    expect(syncs).toEqual(['d:1:2 after 1', 'd:1:2 after 201', 'd:1:2 after 401']);
  });

  it('goes on being repaired over a line that breaks', async () => {
    const { timelines, delivered, stored, lines } = await setUp();
    await timelines.catchUp([listed('d:1:2', 0)]);
    stored.set('d:1:2', 300);
    const honest = lines.answer;
    let pages = 0;
    lines.answer = (event, payload) => {
      pages += 1;
      if (pages === 2) lines.last.lose();
      return honest(event, payload);
    };
    timelines.accept(message('d:1:2', 300));
    await vi.advanceTimersByTimeAsync(500);
    expect(delivered).toEqual(ids('d:1:2', 1, 300));
  });

  it('in a conversation that is not ours any more is told, and nothing is delivered past it', async () => {
    const { timelines, delivered, failures, lines } = await setUp();
    await timelines.catchUp([listed('d:1:2', 1)]);
    lines.answer = () => {
      throw refusal('PERMISSION_DENIED');
    };
    timelines.accept(message('d:1:2', 3));
    await vi.advanceTimersByTimeAsync(200);
    expect([delivered, failures.map(({ code }) => code)]).toEqual([[], ['PERMISSION_DENIED']]);
    expect(timelines.positions()).toEqual({});
  });
});
