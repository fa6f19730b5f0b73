import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lineLost, type SwitchboardError } from '../errors.ts';
import { refusal } from '../testing/fake-lines.ts';
import type { Signal } from '../wire.ts';
import { SignalQueue } from './signal-queue.ts';

const candidate = (n: number): Signal => ({ kind: 'candidate', payload: n });
const offer = (n: number): Signal => ({ kind: 'offer', payload: n });

function setUp(send: (signal: Signal) => unknown = () => undefined) {
  const sent: unknown[] = [];
  const failures: string[] = [];
  const state = { refused: 0, send };
  const queue = new SignalQueue({
    send: async (signal) => {
      sent.push(signal.payload);
      await state.send(signal);
    },
    refused: () => {
      state.refused += 1;
    },
    failed: ({ code }: SwitchboardError) => failures.push(code),
  });
  return { queue, sent, failures, state };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('signals', () => {
  it('wait for the seat, go in order, and go again on the next line if no ack came', async () => {
    const { queue, sent, state } = setUp();
    for (const n of [1, 2, 3]) queue.push(candidate(n));
    expect(sent).toEqual([]);
    state.send = ({ payload }) => {
      if (payload !== 1) throw lineLost();
    };
    queue.seat(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent).toEqual([1, 2, 3]);
    queue.seat(false);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(sent.length).toBe(3);
    state.send = () => undefined;
    queue.seat(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent.slice(3)).toEqual([2, 3]);
  });

  it('of an offer take the place of those that wait before it, answers excepted', async () => {
    const { queue, sent } = setUp();
    queue.push({ kind: 'answer', payload: 'answer' });
    queue.push(offer(1));
    queue.push(candidate(1));
    queue.push(offer(2));
    queue.push(candidate(2));
    queue.seat(true);
    expect(sent).toEqual(['answer', 2, 2]);
  });

  it('that the server will not take are let go, and told', async () => {
    const { queue, sent, failures } = setUp(() => {
      throw refusal('INVALID_DATA');
    });
    queue.seat(true);
    queue.push(candidate(1));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([sent, failures]).toEqual([[1], ['INVALID_DATA']]);
  });

  it('that are refused because another has the seat wait for it, a few times', async () => {
    const { queue, sent, state, failures } = setUp(() => {
      throw refusal('PERMISSION_DENIED');
    });
    queue.seat(true);
    queue.push(candidate(1));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([sent.length, state.refused]).toEqual([1, 1]);
    for (let n = 0; n < 5; n += 1) {
      queue.seat(false);
      queue.seat(true);
      await vi.advanceTimersByTimeAsync(0);
    }
    expect([sent.length, failures]).toEqual([3, ['PERMISSION_DENIED']]);
  });

  it('are bounded', () => {
    const { queue, failures } = setUp();
    for (let n = 0; n < 1_000; n += 1) queue.push(candidate(n));
    expect(new Set(failures)).toEqual(new Set(['QUEUE_FULL']));
    expect(failures.length).toBeLessThan(1_000);
  });
});
