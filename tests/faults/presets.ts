import type { FaultRunOptions } from './run-faults.ts';

export interface Preset extends Omit<FaultRunOptions, 'seed' | 'tell'> {
  /** Share of lost connections that must have been back and caught up in time. */
  readonly linesInTime: number;
  /** Share of those lost by one kind of fault, see `Judgement`. */
  readonly linesOfAKindInTime: number;
  /** Runs that may be made of it where only clients were late on a machine that was busy, see `attemptInTime`. */
  readonly attempts: number;
  /** What may pass beyond `maxMs`, in which calls end, devices are pushed and everything is read. */
  readonly aftermathMs: number;
}

/**
 * What nobody could renew when it came due is given another lease: rings of `ringTimeoutMs` end in time only where that and `leaseMs` leave some of
 * it to a busy machine.
 */
const limits = { backWithinMs: 5_000, caughtUpWithinMs: 2_000, ringEndsWithinMs: 45_000 };

/** As long as one likes. */
export const LONG: Preset = {
  kills: 24,
  messages: 1_000,
  maxMs: 60 * 60_000,
  rate: 50,
  users: 24,
  liveCalls: 6,
  ringing: 6,
  sleepers: 6,
  signaling: 3,
  nats: 3,
  leaseMs: 15_000,
  drainDelay: '2s',
  ringTimeoutMs: 20_000,
  pace: {
    settle: [2_000, 6_000],
    dead: [0, 2_000],
    nodePaused: 20_000,
    databasePaused: 10_000,
    redisAway: 60_000,
    cutOff: 20_000,
    whole: 35_000,
  },
  limits,
  linesInTime: 0.99,
  linesOfAKindInTime: 0.9,
  attempts: 1,
  aftermathMs: 10 * 60_000,
};

/** Every kind of fault at least once, within ten minutes: with shorter leases and rings, and Redis away for less than a minute. */
export const SHORT: Preset = {
  ...LONG,
  messages: 20_000,
  maxMs: 9 * 60_000,
  aftermathMs: 60_000,
  rate: 110,
  liveCalls: 4,
  ringing: 4,
  sleepers: 4,
  leaseMs: 12_000,
  // Three looks of the gateway.
  drainDelay: '1500ms',
  ringTimeoutMs: 10_000,
  pace: {
    settle: [500, 2_000],
    dead: [0, 1_000],
    nodePaused: 20_000,
    databasePaused: 10_000,
    redisAway: 15_000,
    cutOff: 10_000,
    whole: 15_000,
  },
  attempts: 2,
};
