import type { Clock } from '@switchboard/ports';

/** Time that moves only when told to. */
export interface ManualClock extends Clock {
  /**
   * Moves time on by `ms`, calling back in order of due time, each at the moment it is due. Between callbacks, and at the end,
   * work that was ready to run has run, as far as it needs no I/O.
   */
  advance(ms: number): Promise<void>;
}

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

const SETTLING_TURNS = 10;

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLING_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** @param start Millisecond epoch that the clock shows at first. */
export function createManualClock(start: number = Date.UTC(2026, 0, 1)): ManualClock {
  const alarms = new Set<Alarm>();
  let now = start;
  let order = 0;

  const next = (until: number): Alarm | undefined => {
    let first: Alarm | undefined;
    for (const alarm of alarms) {
      if (alarm.at > until) continue;
      if (!first || alarm.at < first.at || (alarm.at === first.at && alarm.order < first.order))
        first = alarm;
    }
    return first;
  };

  return {
    now: () => now,
    after(ms, callback) {
      const alarm: Alarm = { at: now + Math.max(0, ms), order: order++, callback };
      alarms.add(alarm);
      return { [Symbol.dispose]: () => void alarms.delete(alarm) };
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let alarm = next(until); alarm; alarm = next(until)) {
        alarms.delete(alarm);
        now = Math.max(now, alarm.at);
        alarm.callback();
        await settle();
      }
      now = until;
    },
  };
}
