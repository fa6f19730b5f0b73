import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, makeSchedule, type ScheduleOptions } from './schedule.ts';

const options: ScheduleOptions = {
  seed: 1,
  kills: 24,
  shape: { signaling: 3, auth: 1, chat: 2, notification: 1, nats: 3 },
  pace: {
    settle: [1_000, 3_000],
    dead: [0, 500],
    nodePaused: 20_000,
    databasePaused: 10_000,
    redisAway: 60_000,
    cutOff: 8_000,
    whole: 30_000,
  },
};
const killed = (schedule: readonly { kills: number }[]) =>
  schedule.reduce((sum, { kills }) => sum + kills, 0);

describe('a schedule of faults', () => {
  it('is replayed by its seed, and another seed makes another', () => {
    expect(makeSchedule(options)).toEqual(makeSchedule(options));
    expect(makeSchedule({ ...options, seed: 2 })).not.toEqual(makeSchedule(options));
  });

  it.each([0, 1, 24, 200])('has every kind of fault and kills at least %i', (kills) => {
    for (let seed = 0; seed < 50; seed += 1) {
      const schedule = makeSchedule({ ...options, seed, kills });
      expect(new Set(schedule.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
      expect(killed(schedule)).toBeGreaterThanOrEqual(kills);
      expect(killed(schedule)).toBeLessThan(kills + 30);
      for (const { which, holdMs, afterMs } of schedule) {
        expect(which).toBeLessThan(1);
        expect(afterMs).toBeGreaterThanOrEqual(1_000);
        expect(holdMs).toBeLessThanOrEqual(60_000);
      }
    }
  });

  it('leaves an emptied Redis alone, before and after', () => {
    for (const [at, { kind, afterMs }] of makeSchedule({ ...options, kills: 100 }).entries()) {
      const before = makeSchedule({ ...options, kills: 100 })[at - 1]?.kind;
      if (kind === 'redis-emptied' || before === 'redis-emptied') expect(afterMs).toBe(30_000);
      else expect(afterMs).toBeLessThanOrEqual(3_000);
    }
  });

  it('counts what is killed without a word, and not what is asked to stop', () => {
    const kills = new Map(makeSchedule(options).map((fault) => [fault.kind, fault.kills]));
    expect([kills.get('rolling-restart'), kills.get('nats-kill-all'), kills.get('chat-kill')]).toEqual([
      0, 3, 1,
    ]);
    expect(() => makeSchedule({ ...options, kinds: ['rolling-restart'] })).toThrow(RangeError);
    const first = makeSchedule({ ...options, kills: 0 });
    expect(killed(first)).toBe(24);
  });

  it('keeps to the kinds asked for, and to what the cluster has', () => {
    const only = makeSchedule({ ...options, kinds: ['chat-kill', 'redis-emptied'], kills: 10 });
    expect(new Set(only.map(({ kind }) => kind))).toEqual(new Set(['chat-kill', 'redis-emptied']));
    const single = makeSchedule({ ...options, shape: { ...options.shape, nats: 1 } });
    expect(single.some(({ kind }) => kind === 'nats-kill-one')).toBe(false);
    expect(() => makeSchedule({ ...options, kinds: ['redis-emptied'] })).toThrow(RangeError);
  });
});
