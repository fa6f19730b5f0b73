import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  accepts,
  answers,
  type Child,
  type ChildSpec,
  freePort,
  replies,
  startChild,
  together,
  withFreePorts,
} from '@switchboard/processes';

const run = promisify(execFile);

export interface Servers {
  readonly url: string;
  readonly nodes: readonly Child[];
}

/** Service → its user's password. */
export type NatsPasswords = Readonly<
  Record<'auth' | 'chat' | 'events' | 'notification' | 'signaling', string>
>;

export interface NatsPlace {
  /** deploy/nats/nats.conf, which says who may do what. */
  readonly config: string;
  readonly passwords: NatsPasswords;
  readonly dataDir: string;
  readonly logFile: string;
}

/** A Redis Cluster's nodes speak to each other so far above the ports of their clients. */
const REDIS_CLUSTER_BUS = 10_000;

/** One nats-server with JetStream, or three that replicate it. `url` is their hosts alone: which user, the services must say. `monitors`: where each tells of itself. */
export function startNats(
  count: 1 | 3,
  { config, passwords, dataDir, logFile }: NatsPlace,
): Promise<Servers & { readonly monitors: readonly string[] }> {
  return withFreePorts(async () => {
    const places = await Promise.all(
      Array.from({ length: count }, async (_, at) => ({
        name: `nats-${at + 1}`,
        port: await freePort(),
        clusterPort: await freePort(),
        monitorPort: await freePort(),
      })),
    );
    const routes = places.map(({ clusterPort }) => `nats://127.0.0.1:${clusterPort}`).join(',');
    const specs = places.map(({ name, port, clusterPort, monitorPort }): ChildSpec => {
      const own = ['-a', '127.0.0.1', '-p', String(port), '-m', String(monitorPort)];
      const clustered = ['-n', name, '-cluster_name', 'switchboard', '-routes', routes];
      // The services are given all of them, and use no others.
      clustered.push('-cluster', `nats://127.0.0.1:${clusterPort}`, '-no_advertise');
      return {
        name,
        command: 'nats-server',
        args: ['-c', config, '-js', '-sd', join(dataDir, name), ...own, ...(count === 1 ? [] : clustered)],
        env: {
          NATS_AUTH_PASSWORD: passwords.auth,
          NATS_CHAT_PASSWORD: passwords.chat,
          NATS_EVENTS_PASSWORD: passwords.events,
          NATS_NOTIFICATION_PASSWORD: passwords.notification,
          NATS_SIGNALING_PASSWORD: passwords.signaling,
        },
        logFile,
        // In a cluster, ready when JetStream has a leader, for which a majority must be up.
        ready: () =>
          answers(`http://127.0.0.1:${monitorPort}/healthz${count === 1 ? '?js-enabled-only=true' : ''}`),
      };
    });
    await Promise.all(places.map(({ name }) => mkdir(join(dataDir, name), { recursive: true })));
    return {
      url: places.map(({ port }) => `127.0.0.1:${port}`).join(','),
      nodes: await startAll(specs),
      monitors: places.map(({ monitorPort }) => `http://127.0.0.1:${monitorPort}`),
    };
  });
}

/** One redis-server with an append-only file, or a Redis Cluster of three masters. */
export function startRedis(kind: 'single' | 'cluster', dataDir: string, logFile: string): Promise<Servers> {
  return withFreePorts(async () => {
    const beside = kind === 'single' ? [] : [REDIS_CLUSTER_BUS];
    const ports = await Promise.all(
      Array.from({ length: kind === 'single' ? 1 : 3 }, () => freePort({ beside })),
    );
    const specs = ports.map((port, at): ChildSpec => {
      const name = `redis-${at + 1}`;
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', join(dataDir, name)];
      args.push('--save', '', '--appendonly', 'yes');
      return {
        name,
        command: 'redis-server',
        args: kind === 'single' ? args : [...args, '--cluster-enabled', 'yes'],
        logFile,
        ready: () => replies(port, 'PING\r\n', '+PONG'),
      };
    });
    await Promise.all(specs.map(({ name }) => mkdir(join(dataDir, name), { recursive: true })));
    const nodes = await startAll(specs);
    if (kind === 'cluster') {
      await joinRedisCluster(ports).catch(async (error: unknown) => {
        await Promise.all(nodes.map((node) => node.stop()));
        throw error;
      });
    }
    return { url: ports.map((port) => `redis://127.0.0.1:${port}`).join(','), nodes };
  });
}

/** The embedded database as a process of its own. */
export function startDatabase(main: string, dataDir: string, logFile: string): Promise<Servers> {
  return withFreePorts(async () => {
    const port = await freePort();
    const node = await startChild({
      name: 'database',
      command: process.execPath,
      args: [main],
      env: { DATA_DIR: join(dataDir, 'database'), PORT: String(port), HOST: '127.0.0.1' },
      logFile,
      ready: () => accepts(port),
    });
    return { url: `mongodb://127.0.0.1:${port}/switchboard`, nodes: [node] };
  });
}

/** All, or none. */
async function startAll(specs: readonly ChildSpec[]): Promise<readonly Child[]> {
  const started: Child[] = [];
  try {
    return await together(
      specs.map(async (spec) => {
        const child = await startChild(spec);
        started.push(child);
        return child;
      }),
    );
  } catch (error) {
    await Promise.all(started.map((child) => child.stop()));
    throw error;
  }
}

/** Makes one cluster of new nodes; nodes that were in one before find each other, wherever they listen now. */
async function joinRedisCluster(ports: readonly number[]): Promise<void> {
  const ask = async (port: number, ...command: string[]) =>
    (await run('redis-cli', ['-p', String(port), 'cluster', ...command])).stdout;
  const formed = async () =>
    (await Promise.all(ports.map((port) => ask(port, 'info')))).every(
      (info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'),
    );
  const [first = 0, ...others] = ports;
  if ((await ask(first, 'info')).includes('cluster_known_nodes:1')) {
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
  } else {
    for (const port of others) await ask(first, 'meet', '127.0.0.1', String(port));
  }
  for (const deadline = Date.now() + 60_000; !(await formed()); ) {
    if (Date.now() > deadline) throw new Error('the Redis Cluster did not form');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
