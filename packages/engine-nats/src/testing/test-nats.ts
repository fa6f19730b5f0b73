import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real nats-server with JetStream, of a test's own. */
export interface TestNats extends AsyncDisposable {
  /** What NATS_URL would be. */
  readonly url: string;
  readonly pid: number;
  /** Kills the process and starts it again on the same port: on its old store, or empty. */
  restart(store: 'kept' | 'empty'): Promise<void>;
  /** Resolves when a SIGSTOP has taken effect, which is not at once. */
  signal(signal: NodeJS.Signals): Promise<void>;
}

export async function startTestNats(): Promise<TestNats> {
  const port = await freePort();
  let folder = await mkdtemp(join(tmpdir(), 'switchboard-nats-'));
  let child: ChildProcess;
  const start = async () => {
    child = spawn('nats-server', ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await ready(child, /Server is ready/);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child.pid ?? 0;
    },
    async signal(signal) {
      child.kill(signal);
      while (signal === 'SIGSTOP' && !/\) T /.test(await readFile(`/proc/${child.pid}/stat`, 'utf8'))) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async restart(store) {
      await kill();
      if (store === 'empty') {
        await rm(folder, { recursive: true, force: true });
        folder = await mkdtemp(join(tmpdir(), 'switchboard-nats-'));
      }
      await start();
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
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
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
