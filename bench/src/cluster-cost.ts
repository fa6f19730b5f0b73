import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Cluster, startCluster } from '@switchboard/deploy-cluster';
import { redisCli } from './cluster-cost-counters.ts';
import { type ConnectionCost, connectionCost } from './cluster-cost-idle.ts';
import { LOADS, openPairs, until } from './cluster-cost-load.ts';
import { type EventCost, eventCost } from './cluster-cost-rounds.ts';
import { judge } from './cluster-cost-verdicts.ts';
import { spread, table } from './report.ts';

const NODES = [2, 4, 8] as const;
const PAIRS = 8;
const ROUNDS = 5;
const DEADLINE_MS = 30 * 60_000;

/**
 * What an event between two people costs in clusters of 2, 4 and 8 signaling nodes, and what a connection costs one. Resolves with whether nothing that an event costs grew with
 * the nodes, those without the two had nothing to do with what they do not share, and no subscription was left behind. `--nodes 2,4 --rounds 2`: less, and no connections.
 */
export async function clusterCost(args: readonly string[] = []): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: { nodes: { type: 'string' }, rounds: { type: 'string', default: String(ROUNDS) } },
  });
  const sizes = values.nodes?.split(',').map(Number) ?? NODES;
  const costs: EventCost[] = [];
  let left = 0;
  for (const nodes of sizes) {
    await withCluster(nodes, async (cluster) => {
      const before = await channels(cluster);
      const pairs = await openPairs(cluster, PAIRS);
      for (const load of LOADS) {
        progress(`${nodes} nodes: ${load.name}`);
        costs.push(await eventCost(cluster, pairs, load, Number(values.rounds)));
      }
      for (const { from, to } of pairs) for (const socket of [from, to]) socket.close();
      left += await leftBehind(cluster, before);
    });
  }
  let connection: ConnectionCost | undefined;
  if (values.nodes === undefined)
    await withCluster(1, async (cluster) => {
      progress('idle connections');
      const before = await channels(cluster);
      connection = await connectionCost(cluster);
      left += await leftBehind(cluster, before);
    });
  return report(costs, connection, left);
}

async function withCluster(signaling: number, work: (cluster: Cluster) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  progress(`starting a cluster with ${signaling} signaling node(s)`);
  const cluster = await startCluster({
    dataDir,
    signaling,
    env: {
      JWT_SECRET: randomBytes(32).toString('hex'),
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: randomBytes(12).toString('hex'),
      SEED_DEMO: 'false',
      LOG_LEVEL: 'error',
      // Accounts are made for the measurement; their passwords guard nothing.
      BCRYPT_COST: '4',
      // Asked as in life, and never reached.
      RATE_LIMIT_MESSAGES: '1000000/1m',
      RATE_LIMIT_CALLS: '1000000/1m',
    },
  });
  const watchdog = setTimeout(() => {
    progress(`gave up after ${DEADLINE_MS / 60_000} minutes`);
    void Promise.resolve(cluster[Symbol.asyncDispose]()).finally(() => process.exit(1));
  }, DEADLINE_MS);
  try {
    await work(cluster);
  } finally {
    clearTimeout(watchdog);
    await cluster[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function channels(cluster: Cluster): Promise<number> {
  const all = await redisCli(cluster, 'pubsub', 'shardchannels');
  return all.split('\n').filter((line) => line !== '').length;
}

/** Subscriptions that closed sockets have left, once their nodes have had time to give them up. */
async function leftBehind(cluster: Cluster, before: number): Promise<number> {
  await until('subscriptions are given up', async () => (await channels(cluster)) <= before).catch(() => {});
  return Math.max(0, (await channels(cluster)) - before);
}

function report(costs: readonly EventCost[], connection: ConnectionCost | undefined, left: number): boolean {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  const load = loadavg()[0]?.toFixed(1);
  line(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.versions.node}, load average ${load}; everything on the same machine. Median [min – max] of the rounds.\n`,
  );
  line(
    table([
      ['event', 'nodes', 'publishes', 'Redis commands', 'Redis bytes', 'NATS messages', 'NATS bytes'],
      ...costs.map((cost) => [
        cost.event,
        String(cost.nodes),
        shown(cost.publishes, 2),
        shown(cost.commands, 1),
        shown(cost.redisBytes, 0),
        shown(cost.natsMessages, 1),
        shown(cost.natsBytes, 0),
      ]),
    ]),
  );
  const watched = costs.filter(({ nodes }) => nodes > 2);
  line(
    table([
      [
        'a node without the two',
        'nodes',
        'CPU idle, ms/s',
        'CPU loaded, ms/s',
        'µs an event',
        'KB/s idle',
        'KB/s loaded',
      ],
      ...watched.map(({ event, nodes, bystander }) => [
        event,
        String(nodes),
        shown(bystander.idleCpu, 1),
        shown(bystander.loadCpu, 1),
        shown(bystander.usPerEvent, 0),
        shown(bystander.idleKb, 1),
        shown(bystander.loadKb, 1),
      ]),
    ]),
  );
  if (connection) {
    const { sockets, users, step, memoryKb, cpuMs } = connection;
    line(
      table([
        [`a connection, ${sockets} sockets of ${users} users on one node, ${step} at a time`, 'cost'],
        ['resident memory, KB', shown(memoryKb, 1)],
        ['CPU, ms', shown(cpuMs, 2)],
      ]),
    );
  }

  const verdicts = judge(costs);
  for (const { held, claim } of verdicts) line(`${held ? 'held' : 'DID NOT HOLD'}: ${claim}`);
  line(`${left === 0 ? 'held' : 'DID NOT HOLD'}: closed sockets leave no subscription behind (${left} left)`);
  return verdicts.every(({ held }) => held) && left === 0;
}

function shown(values: readonly number[], digits: number): string {
  const [min, middle, max] = spread(values, digits);
  return `${middle} [${min} – ${max}]`.replaceAll(/-(0\.?0*)(?=[ \]])/g, '$1');
}

function progress(what: string): void {
  process.stderr.write(`… ${what}\n`);
}
