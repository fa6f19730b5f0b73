import { expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { BUSY, busyWith, type MachineFindings, watchMachine } from './machine.ts';

const calm: MachineFindings = { cores: 2, loadBefore: 0.2, load: 2, delayP99Ms: 30, longestDelayMs: 900 };

it('takes a machine for busy beyond each of its bounds, which it names', () => {
  expect(busyWith(calm)).toEqual([]);
  expect(busyWith({ ...calm, ...BUSY })).toEqual([]);
  for (const what of ['loadBefore', 'load', 'delayP99Ms'] as const) {
    expect(busyWith({ ...calm, [what]: BUSY[what] + 1 })).toEqual([
      expect.stringContaining(`more than ${BUSY[what]}`),
    ]);
  }
});

it('measures the load a core, before and during, and how late this process is', async () => {
  let load = 2;
  using watch = watchMachine(() => load);
  const { cores } = watch.findings();
  load = 6;
  await until('the timer is late', () => {
    const end = performance.now() + 150;
    while (performance.now() < end);
    return watch.findings().longestDelayMs > 100;
  });
  expect(watch.findings()).toMatchObject({ loadBefore: 2 / cores, load: 6 / cores });
});
