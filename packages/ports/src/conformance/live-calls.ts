import type { CallId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { LiveCalls } from '../live-calls.ts';
import { fresh } from './harness.ts';
import { callId, user } from './samples.ts';

/** Any JSON will do for a state. */
export interface SampleState {
  readonly count: number;
  readonly parties: string[];
}

export interface LiveCallsHarness {
  readonly liveCalls: LiveCalls<SampleState>;
  dispose(): Promise<void>;
}

const state = (count: number): SampleState => ({ count, parties: ['1', '2'] });
const MINUTE = 60_000;

/** What every engine of the live calls must do. Times lie near the machine's, so engines may also expire by their own clock. */
export function liveCallsConformance(name: string, factory: () => Promise<LiveCallsHarness>): void {
  describe(`live calls: ${name}`, () => {
    const harness = fresh(factory);
    const store = (): LiveCalls<SampleState> => harness().liveCalls;
    const create = async (deadlineAt: number | null, count = 0): Promise<CallId> => {
      const id = callId();
      expect(await store().compareAndSet(id, 0, state(count), deadlineAt)).toBe(true);
      return id;
    };

    describe('values', () => {
      it('knows no call that nobody stored', async () => {
        expect(await store().get(callId())).toBeUndefined();
      });

      it('counts versions from 1 and changes only the expected one', async () => {
        const id = await create(null);
        expect(await store().get(id)).toEqual({ state: state(0), version: 1 });
        expect(await store().compareAndSet(id, 0, state(9), null)).toBe(false);
        expect(await store().compareAndSet(id, 2, state(9), null)).toBe(false);
        expect(await store().compareAndSet(id, 1, state(1), null)).toBe(true);
        expect(await store().get(id)).toEqual({ state: state(1), version: 2 });
        expect(await store().compareAndSet(callId(), 1, state(9), null)).toBe(false);
      });

      it('removes a call, and only at the expected version', async () => {
        const id = await create(Date.now() - 1);
        expect(await store().compareAndSet(id, 7, null, null)).toBe(false);
        expect(await store().compareAndSet(id, 1, null, null)).toBe(true);
        expect(await store().get(id)).toBeUndefined();
        expect(await store().due(Date.now(), 10, MINUTE)).toEqual([]);
        expect(await store().compareAndSet(id, 0, state(5), null)).toBe(true);
      });

      it('copies on the way in and out', async () => {
        const id = callId();
        const mine = state(0);
        const storing = store().compareAndSet(id, 0, mine, null);
        mine.parties.push('changed after the call');
        await storing;
        const read = await store().get(id);
        read?.state.parties.push('changed after reading');
        expect((await store().get(id))?.state).toEqual(state(0));
      });

      it('lets one of a hundred racers create, and one change', async () => {
        const id = callId();
        for (const version of [0, 1]) {
          const racers = Array.from({ length: 100 }, (_, at) =>
            store().compareAndSet(id, version, state(at), null),
          );
          const won = await Promise.all(racers);
          expect(won.filter(Boolean)).toHaveLength(1);
          expect(await store().get(id)).toEqual({ state: state(won.indexOf(true)), version: version + 1 });
        }
      });

      it('loses no update when racers read, change and try again', async () => {
        const id = await create(null);
        const increment = async (): Promise<void> => {
          for (;;) {
            const read = await store().get(id);
            if (!read) throw new Error('the call is gone');
            if (await store().compareAndSet(id, read.version, state(read.state.count + 1), null)) return;
          }
        };
        await Promise.all(Array.from({ length: 20 }, increment));
        expect(await store().get(id)).toEqual({ state: state(20), version: 21 });
      });
    });

    describe('deadlines', () => {
      it('hands out what is due, oldest first, within the limit', async () => {
        const now = Date.now();
        const second = await create(now - 2_000);
        const first = await create(now - 3_000);
        const third = await create(now);
        await create(now + 1);
        await create(null);
        expect(await store().due(now, 2, MINUTE)).toEqual([first, second]);
        expect(await store().due(now, 2, MINUTE)).toEqual([third]);
      });

      it('hides what it handed out, then hands it out again', async () => {
        const now = Date.now();
        const id = await create(now);
        expect(await store().due(now, 10, MINUTE)).toEqual([id]);
        expect(await store().due(now + MINUTE - 1, 10, MINUTE)).toEqual([]);
        expect(await store().due(now + MINUTE, 10, MINUTE)).toEqual([id]);
      });

      it('follows a deadline that is moved or taken away', async () => {
        const now = Date.now();
        const id = await create(now);
        await store().due(now, 10, MINUTE);
        await store().compareAndSet(id, 1, state(1), now + 10);
        expect(await store().due(now + 9, 10, MINUTE)).toEqual([]);
        expect(await store().due(now + 10, 10, MINUTE)).toEqual([id]);
        await store().compareAndSet(id, 2, state(2), null);
        expect(await store().due(now + 2 * MINUTE, 10, MINUTE)).toEqual([]);
        expect(await store().get(id)).toEqual({ state: state(2), version: 3 });
      });

      it('keeps a deadline through a change that lost its race', async () => {
        const now = Date.now();
        const id = await create(now);
        expect(await store().compareAndSet(id, 5, state(1), null)).toBe(false);
        expect(await store().due(now, 10, MINUTE)).toEqual([id]);
      });

      it('hands each to one of many sweepers at once', async () => {
        const now = Date.now();
        const all = await Promise.all(Array.from({ length: 20 }, () => create(now)));
        const handed = await Promise.all(Array.from({ length: 8 }, () => store().due(now, 5, MINUTE)));
        expect(handed.flat().sort()).toEqual(all.sort());
      });

      it('keeps a value well past its deadline, for a late sweep', async () => {
        const now = Date.now();
        const id = await create(now - 59 * MINUTE);
        expect(await store().due(now, 10, MINUTE)).toEqual([id]);
        expect(await store().get(id)).toEqual({ state: state(0), version: 1 });
      });
    });

    describe('claims', () => {
      it('gives a user to one of a hundred calls', async () => {
        const now = Date.now();
        const calls = Array.from({ length: 100 }, () => callId());
        const holders = await Promise.all(calls.map((id) => store().claim(user(1), id, now + MINUTE, now)));
        expect(new Set(holders).size).toBe(1);
        expect(await store().claimOf(user(1), now)).toBe(holders[0]);
        expect(calls).toContain(holders[0]);
      });

      it('keeps users apart', async () => {
        const now = Date.now();
        const [a, b] = [callId(), callId()];
        expect(await store().claim(user(1), a, now + MINUTE, now)).toBe(a);
        expect(await store().claim(user(2), b, now + MINUTE, now)).toBe(b);
        expect(await store().claimOf(user(3), now)).toBeUndefined();
      });

      it('renews a claim for the same call', async () => {
        const now = Date.now();
        const [mine, other] = [callId(), callId()];
        await store().claim(user(1), mine, now + MINUTE, now);
        expect(await store().claim(user(1), mine, now + 3 * MINUTE, now)).toBe(mine);
        expect(await store().claim(user(1), other, now + 9 * MINUTE, now + 2 * MINUTE)).toBe(mine);
      });

      it('lets a claim lapse', async () => {
        const now = Date.now();
        const [mine, other] = [callId(), callId()];
        await store().claim(user(1), mine, now + MINUTE, now);
        expect(await store().claimOf(user(1), now + MINUTE - 1)).toBe(mine);
        expect(await store().claimOf(user(1), now + MINUTE)).toBeUndefined();
        expect(await store().claim(user(1), other, now + 2 * MINUTE, now + MINUTE)).toBe(other);
        expect(await store().claimOf(user(1), now + MINUTE)).toBe(other);
      });

      it('releases only for the holder', async () => {
        const now = Date.now();
        const [mine, other] = [callId(), callId()];
        await store().claim(user(1), mine, now + MINUTE, now);
        await store().release(user(1), other);
        expect(await store().claimOf(user(1), now)).toBe(mine);
        await store().release(user(1), mine);
        expect(await store().claimOf(user(1), now)).toBeUndefined();
        await store().release(user(1), mine);
      });
    });
  });
}
