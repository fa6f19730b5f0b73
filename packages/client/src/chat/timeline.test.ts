import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Message } from '../wire.ts';
import { Timeline } from './timeline.ts';

const message = (seq: number): Message => ({
  id: `m${seq}`,
  conversationId: 'd:1:2',
  seq,
  sender: { id: '2', username: 'bob', name: 'Bob' },
  content: `message ${seq}`,
  contentType: 'text',
  createdAt: '2026-01-01T00:00:00.000Z',
  readBy: [],
});

it('delivers in order, each once, never with a gap, however messages arrive', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 120 }),
      (position, arrivals) => {
        const delivered: number[] = [];
        const timeline = new Timeline('d:1:2', ({ seq }) => delivered.push(seq), position);
        const seen = new Set<number>();
        for (const seq of arrivals) {
          timeline.accept(message(seq));
          seen.add(seq);
          let reach = position;
          while (seen.has(reach + 1)) reach += 1;
          expect(delivered).toEqual(Array.from({ length: reach - position }, (_, n) => position + n + 1));
          expect(timeline.behind).toBe(Math.max(position, ...seen) > reach);
        }
      },
    ),
  );
});

it('holds what arrives before it is known where to begin, and begins before it', () => {
  const delivered: number[] = [];
  const timeline = new Timeline('d:1:2', ({ seq }) => delivered.push(seq));
  timeline.accept(message(8));
  timeline.accept(message(7));
  expect([delivered, timeline.behind]).toEqual([[], false]);
  // The list, read after they arrived, counts them already.
  timeline.begin(8);
  expect(delivered).toEqual([7, 8]);
  timeline.begin(0);
  expect(timeline.position).toBe(8);
});

it('is bounded: what it lets go is still known to be missing', () => {
  const delivered: number[] = [];
  const timeline = new Timeline('d:1:2', ({ seq }) => delivered.push(seq), 0);
  for (let seq = 2; seq <= 2_000; seq += 1) timeline.accept(message(seq));
  timeline.accept(message(1));
  expect(delivered.length).toBeGreaterThan(100);
  expect(delivered.length).toBeLessThan(1_000);
  expect(timeline.behind).toBe(true);
});

it('holds nothing that was delivered, however often it comes again', () => {
  const delivered: number[] = [];
  const timeline = new Timeline('d:1:2', ({ seq }) => delivered.push(seq), 1_000);
  for (let seq = 1; seq <= 1_000; seq += 1) timeline.accept(message(seq));
  timeline.accept(message(1_002));
  timeline.accept(message(1_001));
  expect(delivered).toEqual([1_001, 1_002]);
});
