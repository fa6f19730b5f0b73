import type { Cluster } from '@switchboard/deploy-cluster';
import { between, type Reading, read } from './cluster-cost-counters.ts';
import { apply, delay, type Load, type Pair } from './cluster-cost-load.ts';
import { countRedis } from './redis-counter.ts';

const WINDOW_MS = 4_000;

/** What one event costs, beyond what the cluster does all the time; a value a round. */
export interface EventCost {
  readonly event: string;
  /** Whether nodes that hold nobody have a part in it, by design. */
  readonly shared: boolean;
  readonly nodes: number;
  readonly publishes: readonly number[];
  readonly commands: readonly number[];
  readonly redisBytes: readonly number[];
  readonly natsMessages: readonly number[];
  readonly natsBytes: readonly number[];
  /** A node that holds nobody: ms on a processor, and KB read and written, a second. */
  readonly bystander: {
    readonly idleCpu: readonly number[];
    readonly loadCpu: readonly number[];
    readonly idleKb: readonly number[];
    readonly loadKb: readonly number[];
    /** Of one node, µs an event beyond idleness. */
    readonly usPerEvent: readonly number[];
  };
}

interface Window {
  readonly cost: Reading;
  readonly events: number;
}

/** Idle and loaded windows in turn, so that whatever else the machine does falls on both. */
export async function eventCost(
  cluster: Cluster,
  pairs: readonly Pair[],
  load: Load,
  roundsOfEach: number,
): Promise<EventCost> {
  await using redis = await countRedis(cluster.redisUrl);
  const bystanders = cluster.signaling.slice(2).map(({ pid }) => pid);
  const window = async (work: () => Promise<number>): Promise<Window> => {
    const before = await read(cluster, redis, bystanders);
    const events = await work();
    return { cost: between(before, await read(cluster, redis, bystanders)), events };
  };
  const idle = () => window(() => delay(WINDOW_MS).then(() => 0));
  const loaded = () => window(() => apply(load, pairs, WINDOW_MS));

  await Promise.all(pairs.map((pair) => load.prepare(pair)));
  // Uncounted: code compiled, users looked up, calls settled.
  await loaded();
  const rounds: { readonly idle: Window; readonly busy: Window }[] = [];
  for (let round = 0; round < roundsOfEach; round += 1)
    rounds.push({ idle: await idle(), busy: await loaded() });
  await Promise.all(pairs.map((pair) => load.finish(pair)));

  const each = bystanders.length;
  const perSecond = ({ cost }: Window, value: number) => value / (cost.at / 1000);
  const perEvent = (pick: (cost: Reading) => number) =>
    rounds.map(({ idle, busy }) => {
      const meanwhile = (pick(idle.cost) / idle.cost.at) * busy.cost.at;
      return (pick(busy.cost) - meanwhile) / busy.events;
    });
  return {
    event: load.name,
    shared: load.shared,
    nodes: cluster.signaling.length,
    publishes: perEvent(({ redisPublishes }) => redisPublishes),
    commands: perEvent(({ redisCommands }) => redisCommands),
    redisBytes: perEvent(({ redisBytes }) => redisBytes),
    natsMessages: perEvent(({ natsMessages }) => natsMessages),
    natsBytes: perEvent(({ natsBytes }) => natsBytes),
    bystander: {
      idleCpu: rounds.map(({ idle }) => perSecond(idle, idle.cost.cpuMs) / each),
      loadCpu: rounds.map(({ busy }) => perSecond(busy, busy.cost.cpuMs) / each),
      idleKb: rounds.map(({ idle }) => perSecond(idle, idle.cost.processBytes) / 1024 / each),
      loadKb: rounds.map(({ busy }) => perSecond(busy, busy.cost.processBytes) / 1024 / each),
      usPerEvent: perEvent(({ cpuMs }) => (cpuMs * 1000) / each),
    },
  };
}
