import { randomBytes } from 'node:crypto';
import { type Cluster, type ClusterOptions, startCluster } from '@switchboard/deploy-cluster';
import { temporaryFolder } from '../harness/server-process.ts';
import { SCENARIO_SETTINGS, type Topology } from '../harness/topology.ts';

/** A cluster whose processes a test may kill, stop and start again. Party n enters by signaling node n, in turn; `gateway` is the way of everybody else. */
export interface LiveCluster extends Topology {
  readonly processes: Cluster;
  readonly gateway: string;
  readonly dataDir: string;
}

export interface LiveClusterOptions
  extends Partial<Pick<ClusterOptions, 'signaling' | 'auth' | 'chat' | 'nats' | 'redis' | 'natsHosts'>> {
  readonly settings?: Readonly<Record<string, string>>;
}

/** Settings that hold nothing back: the load of a test comes from few people. */
const UNLIMITED = {
  RATE_LIMIT_MESSAGES: 'off',
  RATE_LIMIT_CALLS: 'off',
  DRAIN_DELAY: '0ms',
} as const;

export async function liveCluster({ settings, ...options }: LiveClusterOptions = {}): Promise<LiveCluster> {
  const data = await temporaryFolder();
  const processes = await startCluster({
    ...options,
    dataDir: data.path,
    entrances: true,
    env: {
      JWT_SECRET: randomBytes(32).toString('hex'),
      BCRYPT_COST: '4',
      ...SCENARIO_SETTINGS,
      ...UNLIMITED,
      ...settings,
    },
  });
  const { entrances, url } = processes;
  return {
    name: 'cluster',
    processes,
    gateway: url,
    dataDir: data.path,
    url: (party) => entrances[party % entrances.length] ?? url,
    async crash() {
      await Promise.all(processes.all.map((child) => child.signal('SIGKILL')));
      for (const child of processes.all) await child.restart();
    },
    async [Symbol.asyncDispose]() {
      await processes[Symbol.asyncDispose]();
      await data.remove();
    },
  };
}
