import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Everything it prints is appended here; absent: nowhere. */
  readonly logFile?: string;
  /** True once it can be used; asked again and again while it starts. */
  readonly ready: () => Promise<boolean>;
  /** Default 60 000: a busy machine takes its time. */
  readonly readyWithinMs?: number;
}

/** A process of the cluster. Stopping, killing and starting again are all by its own process id. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly running: boolean;
  /** The last of what it printed. */
  output(): string;
  /** SIGSTOP resolves when it has taken effect; a deadly signal when the process is gone. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again, when it is gone, with the same command; resolves when it is ready. */
  restart(): Promise<void>;
  ready(): Promise<void>;
  /** SIGTERM, and SIGKILL when that is not heard within `withinMs`. Resolves with the exit code or the signal's name. */
  stop(withinMs?: number): Promise<number | string>;
}

const KEPT_OUTPUT = 20_000;
const DEADLY: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];

export async function startChild(spec: ChildSpec): Promise<Child> {
  let output = '';
  let child = launch();

  function launch(): ChildProcess {
    const launched = spawn(spec.command, [...spec.args], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const read = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
      if (spec.logFile) appendFileSync(spec.logFile, chunk);
    };
    launched.stdout?.on('data', read);
    launched.stderr?.on('data', read);
    // Said by the wait for readiness.
    launched.once('error', (error) => read(Buffer.from(`${error.message}\n`)));
    return launched;
  }

  const running = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const gone = async (): Promise<void> => {
    if (running()) await once(child, 'exit');
  };

  const ready = async (): Promise<void> => {
    const deadline = Date.now() + (spec.readyWithinMs ?? 60_000);
    for (;;) {
      if (!running()) throw new Error(`${spec.name} ended before it was ready:\n${output}`);
      if (await spec.ready().catch(() => false)) return;
      if (Date.now() > deadline) throw new Error(`${spec.name} was not ready in time:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  const self: Child = {
    name: spec.name,
    get pid() {
      return child.pid ?? 0;
    },
    get running() {
      return running();
    },
    output: () => output,
    ready,
    async signal(signal) {
      if (!running()) return;
      child.kill(signal);
      if (DEADLY.includes(signal)) await gone();
      while (signal === 'SIGSTOP' && running()) {
        if (/\) T /.test(await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => ') T '))) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    async restart() {
      if (running()) throw new Error(`${spec.name} runs already`);
      child = launch();
      await ready();
    },
    async stop(withinMs = 30_000) {
      if (running()) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
        await gone();
        clearTimeout(late);
      }
      return child.exitCode ?? child.signalCode ?? 'never started';
    },
  };
  try {
    await ready();
    return self;
  } catch (error) {
    await self.stop(1_000);
    throw error;
  }
}
