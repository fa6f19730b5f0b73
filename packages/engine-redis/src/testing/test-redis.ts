import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, replies, startChild, together, withFreePorts } from '@switchboard/processes';

const run = promisify(execFile);

/** A real redis-server of a test's own. */
export interface TestRedis extends AsyncDisposable {
  /** What REDIS_URL would be. */
  readonly url: string;
  readonly pids: readonly number[];
  /** Kills the processes and starts them again, empty, on the same ports. */
  restartEmpty(): Promise<void>;
  /** Kills one of the processes; resolves with what starts it again, empty, as the same node on the same port. */
  killOne(): Promise<() => Promise<void>>;
  /** Stops the processes without ending them, as a hung machine would; `SIGCONT` lets them go on. */
  signal(signal: NodeJS.Signals): Promise<void>;
}

/** One server without persistence, on a free loopback port. */
export async function startTestRedis(): Promise<TestRedis> {
  const node = await startNode('single');
  return {
    url: `redis://127.0.0.1:${node.port}`,
    get pids() {
      return [node.pid()];
    },
    restartEmpty: () => node.restart(),
    killOne: () => node.kill(),
    signal: (signal) => node.signal(signal),
    [Symbol.asyncDispose]: () => node.stop(),
  };
}

/** A cluster of three masters without replicas. */
export async function startTestRedisCluster(): Promise<TestRedis> {
  const nodes = await together([startNode('cluster'), startNode('cluster'), startNode('cluster')]);
  const [first] = nodes;
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const join = async () => {
    await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-replicas', '0', '--cluster-yes']);
    const deadline = Date.now() + 20_000;
    for (const { port } of nodes) {
      for (;;) {
        const { stdout } = await run('redis-cli', ['-p', String(port), 'cluster', 'info']);
        if (stdout.includes('cluster_state:ok') && stdout.includes('cluster_known_nodes:3')) break;
        if (Date.now() > deadline) throw new Error(`the cluster did not form:\n${stdout}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
  await join();
  return {
    url: addresses.map((address) => `redis://${address}`).join(','),
    get pids() {
      return nodes.map((node) => node.pid());
    },
    async restartEmpty() {
      await Promise.all(nodes.map((node) => node.restart()));
      await join();
    },
    killOne: () => first.kill(),
    async signal(signal) {
      await Promise.all(nodes.map((node) => node.signal(signal)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Its nodes speak to each other on ports so far above. */
const CLUSTER_BUS = 10_000;

async function startNode(kind: 'single' | 'cluster') {
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-redis-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const { port, child } = await withFreePorts(async () => {
    const port = await freePort({ beside: kind === 'single' ? [] : [CLUSTER_BUS] });
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
    args.push('--save', '', '--appendonly', 'no');
    if (kind === 'cluster') args.push('--cluster-enabled', 'yes', '--cluster-node-timeout', '2000');
    const child = await startChild({
      name: 'redis-server',
      command: 'redis-server',
      args,
      ready: () => replies(port, 'PING\r\n', '+PONG'),
    });
    return { port, child };
  }).catch(async (error: unknown) => {
    await removeFolder();
    throw error;
  });
  return {
    port,
    pid: () => child.pid,
    signal: (signal: NodeJS.Signals) => child.signal(signal),
    async stop() {
      await child.signal('SIGKILL');
      await removeFolder();
    },
    async kill() {
      await child.signal('SIGKILL');
      return () => child.restart();
    },
    async restart() {
      await child.signal('SIGKILL');
      await removeFolder();
      await mkdir(folder);
      await child.restart();
    },
  };
}
