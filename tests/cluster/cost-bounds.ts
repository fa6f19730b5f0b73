import { expect } from 'vitest';
import type { RedisCommand } from './redis-monitor.ts';

export const CHANNELS = 'sb:io#/#';

export interface Counted {
  readonly commands: readonly RedisCommand[];
  /** Messages that NATS was sent by all services together. */
  readonly natsTook: number;
  /** Durable events that NATS was given to keep. */
  readonly natsStored: number;
  /** Of what is counted, how much any node does all the time: asks for the next event of every partition, and shows that it lives. */
  readonly natsIdle: number;
}

/** What something may cost, however many nodes there are. */
export interface Bounds {
  /** The channels that its frames go to. */
  readonly meant: RegExp;
  /** Frames, at least and at most: an event is handled at least once. */
  readonly publishes: readonly [number, number];
  /** Redis commands beside publishes and the routine of nodes. */
  readonly commands: number;
  readonly natsTook: number;
  readonly natsStored: number;
}

export const published = (commands: readonly RedisCommand[]) =>
  commands
    .filter(({ name }) => name.endsWith('publish'))
    .map(({ name, args: [channel = ''] }) => ({ name, channel }));

/** Whoever comes or goes is told of to all; that is no event between two. */
export const isPresence = (channel: string) => channel.startsWith(`${CHANNELS}presence|`);

/** What every node asks all the time, known by its keys; what is asked about anybody is none of it. */
export function isRoutine({ name, args }: RedisCommand): boolean {
  const about = (ending: string) => args.some((arg) => arg.endsWith(ending));
  return (
    // Readiness, asked by the load balancer in front of each node. The first user stands for all.
    name === 'ping' ||
    (name === 'hvals' && about(':devices:1')) ||
    (name === 'smembers' && about(':rooms-of:1')) ||
    // Every node says that it lives.
    (name === 'set' && args[0]?.startsWith('sb:{nodes}:') === true) ||
    // Calls whose time has come, looked for by every node.
    (name === 'zrangebyscore' && about(':due'))
  );
}

/** Holds of every event, and of every node that hears of none. */
export function expectNoBroadcast({ commands }: Counted, meant: RegExp): void {
  expect(commands.filter(({ name }) => ['keys', 'scan', 'pubsub'].includes(name))).toEqual([]);
  const elsewhere = published(commands).filter(
    ({ name, channel }) => name !== 'spublish' || !(meant.test(channel) || isPresence(channel)),
  );
  expect(elsewhere).toEqual([]);
}

export function expectWithin(counted: Counted, bounds: Bounds): void {
  expectNoBroadcast(counted, bounds.meant);
  const frames = published(counted.commands).filter(({ channel }) => !isPresence(channel)).length;
  const [least, most] = bounds.publishes;
  expect(frames).toBeGreaterThanOrEqual(least);
  expect(frames).toBeLessThanOrEqual(most);
  const rest = counted.commands.filter((each) => !isRoutine(each) && !each.name.endsWith('publish'));
  if (rest.length > bounds.commands) expect(rest).toHaveLength(bounds.commands);
  expect(counted.natsStored).toBeLessThanOrEqual(bounds.natsStored);
  expect(counted.natsTook - counted.natsIdle).toBeLessThanOrEqual(bounds.natsTook);
}
