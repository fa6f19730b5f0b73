import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../connection/connection.ts';
import { Requests } from '../connection/requests.ts';
import { FakeLines, refusal } from '../testing/fake-lines.ts';
import type { Message } from '../wire.ts';
import { Outbox } from './outbox.ts';

const backoff = { baseMs: 10, maxMs: 10 };
const to = { userId: '2' };

/** A server that stores each clientMessageId once and answers with its seq. */
async function setUp(maxQueued = 1_000) {
  const lines = new FakeLines();
  const stored: string[] = [];
  const accepted: number[] = [];
  const store = (payload: Record<string, unknown>) => {
    const id = String(payload.clientMessageId);
    const duplicate = stored.includes(id);
    if (!duplicate) stored.push(id);
    const message = { id: `m-${id}`, seq: stored.indexOf(id) + 1, content: payload.content } as Message;
    return { message, duplicate };
  };
  lines.answer = (_, payload) => store(payload);
  const credentials = { token: async () => 't', refresh: async () => 't' };
  const connection = new Connection(lines.open, credentials, { openTimeoutMs: 100, backoff });
  connection.connect();
  await connection.ready();
  const requests = new Requests(connection, { ackTimeoutMs: 100, deadlineMs: 1_000, backoff });
  const outbox = new Outbox(requests, {
    maxQueued,
    deadlineMs: 60_000,
    prepare: async () => {},
    stored: ({ seq }) => accepted.push(seq),
  });
  return { lines, stored, accepted, store, outbox, connection };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the outbox', () => {
  it('stores every message once and in order, whatever befalls each attempt', async () => {
    const fate = fc.constantFrom('fine', 'fine', 'busy', 'limited', 'lost before', 'lost after');
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 40 }), async (fates) => {
        const { lines, stored, accepted, store, outbox } = await setUp();
        lines.answer = (_, payload) => {
          const next = fates.shift() ?? 'fine';
          if (next === 'busy') throw refusal('SERVICE_UNAVAILABLE');
          if (next === 'limited') throw refusal('RATE_LIMITED', { retryAfterMs: 50 });
          if (next === 'lost before') {
            lines.last.lose();
            return undefined;
          }
          const answer = store(payload);
          if (next === 'lost after') lines.last.lose();
          return answer;
        };
        const names = Array.from({ length: 12 }, (_, n) => `c${n}`);
        const sending = Promise.all(names.map((name) => outbox.send(to, name, { clientMessageId: name })));
        await vi.advanceTimersByTimeAsync(30_000);
        const sent = await sending;
        expect(stored).toEqual(names);
        expect(sent.map(({ id, seq }) => [id, seq])).toEqual(names.map((name, n) => [`m-${name}`, n + 1]));
        expect(accepted).toEqual(names.map((_, n) => n + 1));
      }),
      { numRuns: 60 },
    );
  });

  it('goes on with the next when one is refused', async () => {
    const { lines, stored, store, outbox } = await setUp();
    lines.answer = (_, payload) => {
      if (payload.content === 'bad') throw refusal('INVALID_DATA');
      return store(payload);
    };
    const results = Promise.allSettled(
      ['good', 'bad', 'better'].map((content) => outbox.send(to, content, { clientMessageId: content })),
    );
    await vi.advanceTimersByTimeAsync(100);
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(stored).toEqual(['good', 'better']);
  });

  it('gives up at the deadline or with the signal, in the queue as well as under way', async () => {
    const { lines, stored, outbox, store } = await setUp();
    lines.answer = () => new Promise(() => {});
    const control = new AbortController();
    const first = outbox.send(to, 'never answered', { deadlineMs: 500 });
    const second = outbox.send(to, 'given up', { signal: control.signal });
    const third = outbox.send(to, 'third', { clientMessageId: 'third' });
    const outcomes = Promise.allSettled([first, second, third]);
    await vi.advanceTimersByTimeAsync(100);
    control.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    lines.answer = (_, payload) => (payload.content === 'third' ? store(payload) : new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(1_000);
    const [one, , three] = await outcomes;
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'TIMEOUT' } });
    expect(three).toMatchObject({ status: 'fulfilled', value: { seq: 1 } });
    expect(stored).toEqual(['third']);
  });

  it('is bounded, and lanes of different targets do not wait for each other', async () => {
    const { lines, outbox, store } = await setUp(2);
    lines.answer = (_, payload) => (payload.content === 'stuck' ? new Promise(() => {}) : store(payload));
    const stuck = outbox.send(to, 'stuck', { deadlineMs: 5_000 });
    stuck.catch(() => {});
    const other = outbox.send({ userId: '3' }, 'free');
    await expect(outbox.send(to, 'too many')).rejects.toMatchObject({ code: 'QUEUE_FULL', retryable: true });
    await vi.advanceTimersByTimeAsync(10);
    expect((await other).seq).toBe(1);
    expect(
      (await Promise.all([outbox.send({ userId: '3' }, 'again'), vi.advanceTimersByTimeAsync(10)]))[0].seq,
    ).toBe(2);
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(stuck).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('rejects what waits when the connection is given up', async () => {
    const { lines, outbox, connection } = await setUp();
    lines.answer = () => new Promise(() => {});
    const outcomes = Promise.allSettled([outbox.send(to, 'one'), outbox.send(to, 'two')]);
    await vi.advanceTimersByTimeAsync(10);
    connection.disconnect();
    await vi.advanceTimersByTimeAsync(10);
    expect(await outcomes).toMatchObject([{ reason: { code: 'CLOSED' } }, { reason: { code: 'CLOSED' } }]);
  });
});
