import type { FaultRunOptions } from './run-faults.ts';

export interface Preset extends Omit<FaultRunOptions, 'seed' | 'tell'> {
  /** Share of lost connections that must have been back and caught up in time. */
  readonly linesInTime: number;
  /** Runs that may be made of it where only time was short, see `attemptInTime`. */
  readonly attempts: number;
}

const limits = { backWithinMs: 5_000, caughtUpWithinMs: 2_000 };
/** What came due while nobody could renew it is given another lease; on top, what a busy machine needs. */
const ringEnds = (ringTimeoutMs: number, leaseMs: number): number => ringTimeoutMs + leaseMs + 25_000;

/** As long as one likes, with the services' own deadlines. */
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
  leaseMs: 30_000,
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
  limits: { ...limits, ringEndsWithinMs: ringEnds(20_000, 30_000) },
  linesInTime: 0.99,
  attempts: 1,
};

/** Every kind of fault at least once, in minutes, for each change. */
export const SHORT: Preset = {
  ...LONG,
  messages: 20_000,
  // A slow machine takes longer; it does not fail for that.
  maxMs: 20 * 60_000,
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
    nodePaused: 12_000,
    databasePaused: 8_000,
    redisAway: 15_000,
    cutOff: 10_000,
    whole: 15_000,
  },
  limits: { ...limits, ringEndsWithinMs: ringEnds(10_000, 12_000) },
  // Two quiet cores bring 99 of 100 back in time; a machine that others use, too, is not judged by the clock.
  linesInTime: 0.8,
  attempts: 2,
};
