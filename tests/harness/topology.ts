import { randomBytes } from 'node:crypto';
import { startCluster } from '@switchboard/deploy-cluster';
import {
  freePort,
  type RunningServer,
  startServer,
  temporaryFolder,
  withFreePorts,
} from './server-process.ts';

/**
 * Where a scenario runs. Parties are spread over the nodes a topology has; a scenario never asks how many there are.
 */
export interface Topology extends AsyncDisposable {
  readonly name: string;
  /** Base URL for the n-th party; stays the same over `crash`. */
  url(party: number): string;
  /** Kills every process without warning and brings them up again on the same data. */
  crash(): Promise<void>;
}

/** The settings every scenario assumes: deadlines short enough to wait for. */
export const SCENARIO_SETTINGS = {
  RING_TIMEOUT_MS: '1500',
  RECONNECT_GRACE_MS: '2500',
  RATE_LIMIT_LOGIN: 'off',
  SEED_DEMO: 'false',
  ADMIN_USERNAME: 'root',
  ADMIN_PASSWORD: 'correct horse battery',
  JITSI_DOMAIN: 'meet.example.test',
} as const;

export async function allInOne(settings: Record<string, string> = {}): Promise<Topology> {
  const data = await temporaryFolder();
  const start = (port: number) =>
    startServer({ ...SCENARIO_SETTINGS, DATA_DIR: data.path, PORT: String(port), ...settings });
  let server: RunningServer = await withFreePorts(async () => start(await freePort()));
  // The same over restarts, so that clients reconnect by themselves as they would in life.
  const port = Number(new URL(server.url).port);
  return {
    name: 'all-in-one',
    url: () => server.url,
    async crash() {
      await server.stop('SIGKILL');
      server = await withFreePorts(() => start(port));
    },
    async [Symbol.asyncDispose]() {
      await server.stop('SIGTERM');
      await data.remove();
    },
  };
}

/** Every service a process, two signaling nodes, real NATS, Redis and HAProxy; party n enters by node n, in turn. */
export async function cluster(settings: Record<string, string> = {}): Promise<Topology> {
  const data = await temporaryFolder();
  const processes = await startCluster({
    dataDir: data.path,
    signaling: 2,
    entrances: true,
    // What a killed node leaves behind is gone within this time, not within the half minute of production.
    env: {
      PRESENCE_LEASE_MS: '6000',
      // Nobody is sent here any more when it is stopped: its gateways go first.
      DRAIN_DELAY: '0ms',
      JWT_SECRET: randomBytes(32).toString('hex'),
      BCRYPT_COST: '4',
      ...SCENARIO_SETTINGS,
      ...settings,
    },
  });
  return {
    name: 'cluster',
    url: (party) => processes.entrances[party % processes.entrances.length] ?? processes.url,
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

/** Every topology that the scenarios run on. */
export const topologies: ReadonlyArray<{
  readonly name: string;
  readonly start: (settings?: Record<string, string>) => Promise<Topology>;
}> = [
  { name: 'all-in-one', start: allInOne },
  // `npm test` says loudly what it leaves out for want of a program, and `.ci/run` does not accept it.
  ...(process.env.SWITCHBOARD_MISSING_PROGRAMS ? [] : [{ name: 'cluster', start: cluster }]),
];
