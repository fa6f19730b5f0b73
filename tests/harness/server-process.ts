import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '@switchboard/processes';

export { freePort, withFreePorts } from '@switchboard/processes';

const main = fileURLToPath(new URL('../../services/all-in-one/dist/main.js', import.meta.url));

export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  readonly startedInMs: number;
  output(): string;
  /** Resolves with the exit code, or the signal's name. */
  stop(signal: NodeJS.Signals): Promise<number | string>;
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'switchboard-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

const READY = /ready at (http:\S+)/;

/** Starts the built all-in-one as its own process and waits until it says that it is ready. */
export async function startServer(env: Record<string, string>): Promise<RunningServer> {
  const began = performance.now();
  const child = await startChild({
    name: 'the server',
    command: process.execPath,
    args: [main],
    env: { HOST: '127.0.0.1', LOG_LEVEL: 'warn', BCRYPT_COST: '4', ...env },
    ready: (printed) => READY.test(printed),
  });
  return {
    url: READY.exec(child.output())?.[1] ?? '',
    pid: child.pid,
    startedInMs: performance.now() - began,
    output: () => child.output(),
    async stop(signal) {
      await child.signal(signal);
      // Resolves at once with what it ended with.
      return child.stop();
    },
  };
}
