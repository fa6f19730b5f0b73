import { seeded } from '../random.ts';

export const FAULT_KINDS = [
  'signaling-kill',
  'signaling-pause',
  'chat-kill',
  'auth-kill',
  'notification-kill',
  'nats-kill-one',
  'nats-kill-all',
  'nats-emptied',
  'redis-kill',
  'redis-emptied',
  'redis-away',
  'database-kill',
  'database-pause',
  'gateway-kill',
  'node-cut-off',
  'rolling-restart',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** Quiet time before it. */
  readonly afterMs: number;
  /** How long what was hit stays away; the time to start again comes on top. */
  readonly holdMs: number;
  /** In [0, 1): which of several processes. */
  readonly which: number;
  /** A cut line says nothing any more, instead of breaking. */
  readonly silent: boolean;
  /** Processes killed by it, without a word; those that are asked to stop are not counted. */
  readonly kills: number;
}

/** How many processes of a kind there are. */
export interface Shape {
  readonly signaling: number;
  readonly auth: number;
  readonly chat: number;
  readonly notification: number;
  readonly nats: number;
}

/** All in milliseconds. */
export interface Pace {
  readonly settle: readonly [least: number, most: number];
  /** A killed process stays away this long. */
  readonly dead: readonly [least: number, most: number];
  readonly nodePaused: number;
  readonly databasePaused: number;
  readonly redisAway: number;
  readonly cutOff: number;
  /**
   * Quiet before Redis is emptied, and after: what only it knew of a node that died, and what the nodes put back, each takes this long. Two such
   * faults at once may end a call; one may not.
   */
  readonly whole: number;
}

export interface ScheduleOptions {
  readonly seed: number;
  /** At least so many processes are killed without a word. */
  readonly kills: number;
  readonly shape: Shape;
  readonly pace: Pace;
  /** These alone; default all that the shape allows. */
  readonly kinds?: readonly FaultKind[];
}

/**
 * Chat may die before it stored, after, and after it said so: of random moments under load, several hit all three. Likewise a sender of pushes. With
 * three NATS servers a round kills 24 processes.
 */
const TIMES_A_ROUND: Partial<Record<FaultKind, number>> = {
  'chat-kill': 6,
  'signaling-kill': 3,
  'notification-kill': 2,
  'gateway-kill': 2,
};

/** Of these kinds, default all, what can happen to a cluster of this shape. */
export function possibleKinds(shape: Shape, kinds: readonly FaultKind[] = FAULT_KINDS): FaultKind[] {
  return kinds.filter((kind) => kind !== 'nats-kill-one' || shape.nats > 1);
}

/** Rounds of every kind of fault, each shuffled, until enough is killed and every kind was there. The same options give the same schedule. */
export function makeSchedule({ seed, kills, shape, pace, kinds }: ScheduleOptions): Fault[] {
  const random = seeded(seed);
  const between = ([least, most]: readonly [number, number]): number =>
    Math.round(least + random() * (most - least));
  const possible = possibleKinds(shape, kinds);
  if (possible.every((kind) => killsOf(kind, shape) === 0) && kills > 0) {
    throw new RangeError('none of these kinds of faults kills anything');
  }
  const faults: Fault[] = [];
  let killed = 0;
  for (let round = 0; round === 0 || killed < kills; round += 1) {
    const row = possible.flatMap((kind) => Array<FaultKind>(TIMES_A_ROUND[kind] ?? 1).fill(kind));
    for (let at = row.length - 1; at > 0; at -= 1) {
      const other = Math.floor(random() * (at + 1));
      const [a, b] = [row[at], row[other]];
      if (a !== undefined && b !== undefined) [row[at], row[other]] = [b, a];
    }
    for (const kind of row) {
      const fault = {
        kind,
        afterMs: Math.max(between(pace.settle), alone(kind) || alone(faults.at(-1)?.kind) ? pace.whole : 0),
        holdMs: holdOf(kind, pace) ?? between(pace.dead),
        which: random(),
        silent: random() < 0.5,
        kills: killsOf(kind, shape),
      };
      if (round > 0 && killed >= kills) return faults;
      faults.push(fault);
      killed += fault.kills;
    }
  }
  return faults;
}

function alone(kind: FaultKind | undefined): boolean {
  return kind === 'redis-emptied';
}

function killsOf(kind: FaultKind, shape: Shape): number {
  switch (kind) {
    case 'signaling-pause':
    case 'redis-emptied':
    case 'database-pause':
    case 'node-cut-off':
    case 'rolling-restart':
      return 0;
    case 'nats-kill-all':
    case 'nats-emptied':
      return shape.nats;
    default:
      return 1;
  }
}

function holdOf(kind: FaultKind, pace: Pace): number | undefined {
  switch (kind) {
    case 'signaling-pause':
      return pace.nodePaused;
    case 'database-pause':
      return pace.databasePaused;
    case 'redis-away':
      return pace.redisAway;
    case 'node-cut-off':
      return pace.cutOff;
    default:
      return undefined;
  }
}
