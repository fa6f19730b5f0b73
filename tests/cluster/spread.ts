import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type Cluster, startCluster } from '@switchboard/deploy-cluster';
import { temporaryFolder } from '../harness/server-process.ts';
import { SCENARIO_SETTINGS, type Topology } from '../harness/topology.ts';

const run = promisify(execFile);

/** A cluster of which tests see the inside: the n-th party enters by the n-th signaling node. */
export interface Spread extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly topology: Topology;
  /** What Redis answers, a line each. */
  redis(...command: readonly string[]): Promise<readonly string[]>;
  /** Messages that NATS took from its clients since it started. */
  natsTook(): Promise<number>;
  /** Events that NATS has stored since it started. */
  natsStored(): Promise<number>;
}

export async function startSpread(signaling: number, settings: Record<string, string> = {}): Promise<Spread> {
  const data = await temporaryFolder();
  const cluster = await startCluster({
    dataDir: data.path,
    signaling,
    entrances: true,
    env: { JWT_SECRET: randomBytes(32).toString('hex'), BCRYPT_COST: '4', ...SCENARIO_SETTINGS, ...settings },
  });
  const stop = async (): Promise<void> => {
    await cluster[Symbol.asyncDispose]();
    await data.remove();
  };
  const topology: Topology = {
    name: 'cluster',
    url: (party) => cluster.entrances[party % signaling] ?? cluster.url,
    crash: () => Promise.reject(new Error('not of this topology')),
    [Symbol.asyncDispose]: stop,
  };
  const ask = async (path: string): Promise<Record<string, unknown>> => {
    const reply = await fetch(`${cluster.natsMonitors[0]}${path}`);
    return (await reply.json()) as Record<string, unknown>;
  };
  return {
    cluster,
    topology,
    async redis(...command) {
      const { stdout } = await run('redis-cli', ['-p', new URL(cluster.redisUrl).port, ...command]);
      return stdout.split('\n').filter((line) => line !== '');
    },
    natsTook: async () => Number((await ask('/varz')).in_msgs),
    natsStored: async () => Number((await ask('/jsz')).messages),
    [Symbol.asyncDispose]: stop,
  };
}
