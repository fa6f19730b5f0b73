import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, replies, startChild, withFreePorts } from '@switchboard/processes';

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
  const folder = await mkdtemp(join(tmpdir(), 'switchboard-nats-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  const { port, child } = await withFreePorts(async () => {
    const port = await freePort();
    const child = await startChild({
      name: 'nats-server',
      command: 'nats-server',
      args: ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', folder],
      ready: () => replies(port, '', 'INFO '),
    });
    return { port, child };
  }).catch(async (error: unknown) => {
    await removeFolder();
    throw error;
  });
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    signal: (signal) => child.signal(signal),
    async restart(store) {
      await child.signal('SIGKILL');
      if (store === 'empty') {
        await removeFolder();
        await mkdir(folder);
      }
      await child.restart();
    },
    async [Symbol.asyncDispose]() {
      await child.signal('SIGKILL');
      await removeFolder();
    },
  };
}
