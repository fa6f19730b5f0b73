import { createManualClock } from '@switchboard/engine-memory';
import { unavailable } from '@switchboard/protocol';
import { createLogger } from '@switchboard/service-kit';
import { expect, it } from 'vitest';
import { createFence } from './fence.ts';

const LEASE_MS = 30_000;
const SETTLED_MS = 5_000;

function fenced() {
  const clock = createManualClock();
  let stalled = 0;
  let reachable = true;
  let up = true;
  let returns = 0;
  const fence = createFence({
    leaseMs: LEASE_MS,
    clock: { now: () => clock.now() + stalled, after: clock.after.bind(clock) },
    logger: createLogger({ level: 'silent', service: 'test', nodeId: 'n' }),
    probe: async () => {
      if (!reachable) throw unavailable('the store');
    },
    isUp: () => up,
  });
  fence.onReturn(() => {
    returns += 1;
  });
  return {
    fence,
    /** The process does not run for so long. */
    stall: (ms: number) => {
      stalled += ms;
    },
    /** Time passes in the steps of a process that runs. */
    run: async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 500) await clock.advance(500);
    },
    cut: () => {
      reachable = false;
    },
    mend: () => {
      reachable = true;
    },
    /** What the bus says of itself. */
    bus: (state: 'up' | 'down') => {
      up = state === 'up';
    },
    returns: () => returns,
    ready: () =>
      fence.check.check().then(
        () => true,
        () => false,
      ),
  };
}

it('is never in the way of a node that reaches everything', async () => {
  const { fence, run, ready, returns } = fenced();
  for (let at = 0; at < 20; at += 1) {
    await run(2_000);
    expect(fence.mayAct(SETTLED_MS)).toBe(true);
  }
  expect(await ready()).toBe(true);
  expect(returns()).toBe(0);
});

it('lets a short cut pass, and has leases renewed at once after it', async () => {
  const { fence, run, cut, mend, ready, returns } = fenced();
  await run(2_000);
  cut();
  await run(5_000);
  expect(fence.mayAct(SETTLED_MS)).toBe(true);
  mend();
  await run(2_000);
  expect(returns()).toBe(1);
  expect([fence.mayAct(SETTLED_MS), await ready()]).toEqual([true, true]);
});

it('stops a node cut off for long, and lets it act again when it has been back for a while', async () => {
  const { fence, run, cut, mend, ready, returns } = fenced();
  await run(2_000);
  cut();
  await run(LEASE_MS / 3 + 2_000);
  expect([fence.mayAct(0), await ready()]).toEqual([false, false]);
  mend();
  await run(2_000);
  expect(returns()).toBe(1);
  // Fit for traffic at once; what comes from time alone waits until the others are back, too.
  expect([await ready(), fence.mayAct(0), fence.mayAct(SETTLED_MS)]).toEqual([true, true, false]);
  await run(SETTLED_MS);
  expect(fence.mayAct(SETTLED_MS)).toBe(true);
});

it('stops a process that was stopped, from its first moment on', async () => {
  const { fence, run, stall, returns } = fenced();
  await run(2_000);
  stall(20_000);
  // Nothing has been asked yet, and timers that were due meanwhile run first.
  expect(fence.mayAct(0)).toBe(false);
  await run(2_000);
  expect([fence.mayAct(0), fence.mayAct(SETTLED_MS), returns()]).toEqual([true, false, 1]);
});

it('stops a node as soon as the bus says that it is away, for as long as it does', async () => {
  const { fence, run, bus, ready } = fenced();
  await run(2_000);
  expect(fence.isCut()).toBe(false);
  bus('down');
  expect([fence.isCut(), fence.mayAct(0), await ready()]).toEqual([true, false, false]);
  bus('up');
  // Too short for anybody's lease to lapse.
  expect([fence.isCut(), fence.mayAct(SETTLED_MS), await ready()]).toEqual([false, true, true]);
});
