import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A real redis-server of a test's own. */
export interface TestRedis extends AsyncDisposable {
  /** What REDIS_URL would be. */
  readonly url: string;
  readonly pids: readonly number[];
  /** Kills the processes and starts them again, empty, on the same ports. */
  restartEmpty(): Promise<void>;
  /** Stops the processes without ending them, as a hung machine would; `SIGCONT` lets them go on. */
  signal(signal: NodeJS.Signals): Promise<void>;
}

/** One server without persistence, on a free loopback port. */
export async function startTestRedis(): Promise<TestRedis> {
  const node = await startNode([]);
  return {
    url: `redis://127.0.0.1:${node.port}`,
    get pids() {
      return [node.pid()];
    },
    restartEmpty: () => node.restart(),
    signal: (signal) => node.signal(signal),
    [Symbol.asyncDispose]: () => node.stop(),
  };
}

/** A cluster of three masters without replicas. */
export async function startTestRedisCluster(): Promise<TestRedis> {
  const nodes = await Promise.all(
    Array.from({ length: 3 }, () =>
      startNode(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']),
    ),
  );
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
    async signal(signal) {
      await Promise.all(nodes.map((node) => node.signal(signal)));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function startNode(options: readonly string[]) {
  const port = await freePort();
  let folder = '';
  let child: ChildProcess;
  const start = async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-redis-'));
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
      'no',
    ];
    child = spawn('redis-server', [...args, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    await ready(child, /Ready to accept connections/);
  };
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  await start();
  return {
    port,
    pid: () => child.pid ?? 0,
    /** Resolves when a SIGSTOP has taken effect, which is not at once. */
    async signal(signal: NodeJS.Signals) {
      child.kill(signal);
      while (signal === 'SIGSTOP' && !/\) T /.test(await readFile(`/proc/${child.pid}/stat`, 'utf8'))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    stop,
    async restart() {
      await stop();
      await start();
    },
  };
}

/** Resolves once the process has printed that it is ready; rejects with what it printed when it ends before. */
function ready(child: ChildProcess, sign: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-10_000);
      if (sign.test(output)) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it was ready:\n${output}`)));
  });
}

async function freePort(): Promise<number> {
  // A cluster node also listens on its port + 10000.
  for (;;) {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const address = probe.address();
    probe.close();
    await once(probe, 'close');
    if (address !== null && typeof address !== 'string' && address.port < 55_000) return address.port;
  }
}
