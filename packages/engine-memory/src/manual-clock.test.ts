import { describe, expect, it } from 'vitest';
import { createManualClock } from './manual-clock.ts';

describe('manual clock', () => {
  it('calls back in order of due time, each at its moment', async () => {
    const clock = createManualClock(1_000);
    const calls: string[] = [];
    const note = (name: string) => () => void calls.push(`${name}@${clock.now()}`);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(10, note('b'));
    clock.after(31, note('late'));
    await clock.advance(30);
    expect(calls).toEqual(['a@1010', 'b@1010', 'c@1030']);
    expect(clock.now()).toBe(1_030);
  });

  it('runs alarms that alarms set, and what they leave to do, within the same advance', async () => {
    const clock = createManualClock(0);
    const at: number[] = [];
    const again = (): void => {
      at.push(clock.now());
      void Promise.resolve().then(() => clock.after(10, again));
    };
    clock.after(10, again);
    await clock.advance(35);
    expect(at).toEqual([10, 20, 30]);
  });

  it('forgets a disposed alarm', async () => {
    const clock = createManualClock();
    let called = false;
    const alarm = clock.after(10, () => {
      called = true;
    });
    alarm[Symbol.dispose]();
    await clock.advance(100);
    expect(called).toBe(false);
  });
});
