import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Child, startChild } from './child.ts';
import { accepts, answers, freePort } from './probes.ts';

const run = promisify(execFile);

export interface Servers {
  readonly url: string;
  readonly nodes: readonly Child[];
}

/** Service → its user's password. */
export type NatsPasswords = Readonly<Record<'auth' | 'chat' | 'signaling', string>>;

export interface NatsPlace {
  /** deploy/nats/nats.conf, which says who may do what. */
  readonly config: string;
  readonly passwords: NatsPasswords;
  readonly dataDir: string;
  readonly logFile: string;
}

/** One nats-server with JetStream, or three that replicate it. `url` is their hosts alone: which user, the services must say. `monitors`: where each tells of itself. */
export async function startNats(
  count: 1 | 3,
  { config, passwords, dataDir, logFile }: NatsPlace,
): Promise<Servers & { readonly monitors: readonly string[] }> {
  const ports = await Promise.all(Array.from({ length: count }, () => freePort()));
  const clusterPorts = await Promise.all(ports.map(() => freePort()));
  const monitorPorts = await Promise.all(ports.map(() => freePort()));
  const routes = clusterPorts.map((port) => `nats://127.0.0.1:${port}`).join(',');
  const nodes = await Promise.all(
    ports.map(async (port, at) => {
      const store = join(dataDir, `nats-${at + 1}`);
      await mkdir(store, { recursive: true });
      const args = [
        '-c',
        config,
        '-js',
        '-a',
        '127.0.0.1',
        '-p',
        String(port),
        '-m',
        String(monitorPorts[at]),
        '-sd',
        store,
      ];
      const clustered =
        count === 1
          ? []
          : [
              '-n',
              `nats-${at + 1}`,
              '-cluster_name',
              'switchboard',
              '-cluster',
              `nats://127.0.0.1:${clusterPorts[at]}`,
              '-routes',
              routes,
              // The services are given all of them, and use no others.
              '-no_advertise',
            ];
      return startChild({
        name: `nats-${at + 1}`,
        command: 'nats-server',
        args: [...args, ...clustered],
        env: {
          NATS_AUTH_PASSWORD: passwords.auth,
          NATS_CHAT_PASSWORD: passwords.chat,
          NATS_SIGNALING_PASSWORD: passwords.signaling,
        },
        logFile,
        // In a cluster, ready when JetStream has a leader, for which a majority must be up.
        ready: () =>
          answers(
            `http://127.0.0.1:${monitorPorts[at]}/healthz${count === 1 ? '?js-enabled-only=true' : ''}`,
          ),
      });
    }),
  );
  return {
    url: ports.map((port) => `127.0.0.1:${port}`).join(','),
    nodes,
    monitors: monitorPorts.map((port) => `http://127.0.0.1:${port}`),
  };
}

/** One redis-server with an append-only file, or a Redis Cluster of three masters. */
export async function startRedis(
  kind: 'single' | 'cluster',
  dataDir: string,
  logFile: string,
): Promise<Servers> {
  const ports = await Promise.all(Array.from({ length: kind === 'single' ? 1 : 3 }, () => freePort(55_000)));
  const nodes = await Promise.all(
    ports.map(async (port, at) => {
      const folder = join(dataDir, `redis-${at + 1}`);
      await mkdir(folder, { recursive: true });
      const args = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'yes',
      ];
      return startChild({
        name: `redis-${at + 1}`,
        command: 'redis-server',
        args: kind === 'single' ? args : [...args, '--cluster-enabled', 'yes'],
        logFile,
        ready: async () => (await run('redis-cli', ['-p', String(port), 'ping'])).stdout.trim() === 'PONG',
      });
    }),
  );
  const url = ports.map((port) => `redis://127.0.0.1:${port}`).join(',');
  if (kind === 'single') return { url, nodes };

  const state = async (port: number) =>
    (await run('redis-cli', ['-p', String(port), 'cluster', 'info'])).stdout;
  const formed = async () =>
    (await Promise.all(ports.map(state))).every(
      (info) => info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3'),
    );
  if (!(await formed())) {
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
    for (const deadline = Date.now() + 20_000; !(await formed()); ) {
      if (Date.now() > deadline) throw new Error('the Redis Cluster did not form');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return { url, nodes };
}

/** The embedded database as a process of its own. */
export async function startDatabase(main: string, dataDir: string, logFile: string): Promise<Servers> {
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
}
