import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const packageRoot = fileURLToPath(new URL('../..', import.meta.url));
const compiler = fileURLToPath(new URL('../../../../node_modules/.bin/tsc', import.meta.url));

/** The built program starts several times faster than the sources. */
export async function buildPackage(): Promise<void> {
  await promisify(execFile)(compiler, ['-b', packageRoot]);
}

export interface ServerProcess {
  readonly child: ChildProcess;
  /** Rejects when the process ends before it is ready. */
  readonly url: Promise<string>;
  /** Resolves when it is gone. */
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

export function spawnServer(dataDir: string): ServerProcess {
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: packageRoot,
    env: { PATH: process.env.PATH, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += String(chunk);
  });
  const line = once(createInterface(child.stdout), 'line').then(
    ([text]) => (JSON.parse(String(text)) as { url: string }).url,
  );
  const url = Promise.race([
    line,
    exited.then(() => {
      throw new Error(`the server ended before it was ready: ${complaint}`);
    }),
  ]);
  url.catch(() => undefined);
  line.catch(() => undefined);
  return {
    child,
    url,
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
  };
}
