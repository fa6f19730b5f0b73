import { expect, it } from 'vitest';
import { Coalesced } from './coalesce.ts';

it('writes what comes in one turn together, and what comes meanwhile next, within the bound', async () => {
  const batches: number[][] = [];
  const coalesced = new Coalesced<number>(async (items) => {
    batches.push([...items]);
    await new Promise(setImmediate);
  }, 4);
  await Promise.all([1, 2, 3, 4, 5].map((item) => coalesced.add(item)));
  expect(batches).toEqual([[1, 2, 3, 4], [5]]);
});

it('tells those of a failed batch, and goes on', async () => {
  const coalesced = new Coalesced<number>(async (items) => {
    if (items.includes(2)) throw new Error('refused');
  }, 1);
  const results = await Promise.allSettled([1, 2, 3].map((item) => coalesced.add(item)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('settles although more keeps coming', async () => {
  let written = 0;
  let stopped = false;
  const coalesced = new Coalesced<number>(async (items) => {
    written += items.length;
    // Somebody always has one more.
    if (!stopped) void coalesced.add(0);
  }, 10);
  await coalesced.add(1);
  await coalesced.settled();
  expect(written).toBeGreaterThan(0);
  stopped = true;
  await coalesced.settled();
});
