import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isPortTaken } from './port-taken.ts';

export interface ChildSpec {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All that it gets beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  /** Everything it prints is appended here; absent: nowhere. */
  readonly logFile?: string;
  /** True once it can be used; asked again and again while it starts, with the last of what it printed since. */
  readonly ready: (printed: string) => Promise<boolean> | boolean;
  /** Default 60 000: a busy machine takes its time. */
  readonly readyWithinMs?: number;
}

/** A process of one's own. Stopping, killing and starting again are all by its own process id. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly running: boolean;
  /** The last of what it printed: 100 000 characters at least, twice as many at most. */
  output(): string;
  /** SIGSTOP resolves when it has taken effect; a deadly signal when the process is gone. */
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again, when it is gone, with the same command and ports; resolves when it is ready. */
  restart(): Promise<void>;
  ready(): Promise<void>;
  /** SIGTERM, and SIGKILL when that is not heard within `withinMs`. Resolves with the exit code or the signal's name. */
  stop(withinMs?: number): Promise<number | string>;
}

const KEPT_OUTPUT = 100_000;
const DEADLY: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM', 'SIGINT'];
/** Its port is looked at by somebody who wants a free one, or is not quite given back. */
const PORT_BACK_WITHIN_MS = 10_000;
const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const lastOf = (text: string): string => (text.length > 2 * KEPT_OUTPUT ? text.slice(-KEPT_OUTPUT) : text);

/**
 * Resolves when it is ready.
 * @throws Error with what it printed when it ends before, or is not ready in time; then it is gone.
 */
export async function startChild(spec: ChildSpec): Promise<Child> {
  const { name } = spec;
  let output = '';
  let sinceLaunch = '';
  let child = launch();

  function launch(): ChildProcess {
    sinceLaunch = '';
    // Held open, so that what it prints while it is ending finds its place even if the folder is gone by then.
    const log = spec.logFile === undefined ? undefined : openSync(spec.logFile, 'a');
    const launched = spawn(spec.command, [...spec.args], {
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...spec.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const read = (chunk: Buffer): void => {
      const text = chunk.toString();
      output = lastOf(output + text);
      if (launched === child) sinceLaunch = lastOf(sinceLaunch + text);
      if (log !== undefined) writeSync(log, chunk);
    };
    launched.stdout?.on('data', read);
    launched.stderr?.on('data', read);
    // Said by the wait for readiness.
    launched.once('error', (error) => read(Buffer.from(`${error.message}\n`)));
    launched.once('close', () => {
      if (log !== undefined) closeSync(log);
    });
    return launched;
  }

  const running = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const gone = async (): Promise<void> => {
    if (running()) await once(child, 'exit');
  };
  /** What a process printed last is read after its end; not for ever, if it left it to another. */
  const lastWords = async (): Promise<void> => {
    if (!child.stdout?.closed) await Promise.race([once(child, 'close'), pass(1_000)]);
  };

  const ready = async (): Promise<void> => {
    const deadline = Date.now() + (spec.readyWithinMs ?? 60_000);
    for (;;) {
      // Asked first: a process that ends now was perhaps never the one that answered.
      const usable = await Promise.resolve(spec.ready(sinceLaunch)).catch(() => false);
      if (!running()) {
        await lastWords();
        throw new Error(`${name} ended before it was ready:\n${output}`);
      }
      if (usable) return;
      if (Date.now() > deadline) throw new Error(`${name} was not ready in time:\n${output}`);
      await pass(25);
    }
  };

  const self: Child = {
    name,
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
        await pass(5);
      }
    },
    async restart() {
      if (running()) throw new Error(`${name} runs already`);
      for (const deadline = Date.now() + PORT_BACK_WITHIN_MS; ; ) {
        child = launch();
        try {
          return await ready();
        } catch (error) {
          if (!isPortTaken(sinceLaunch) || running() || Date.now() > deadline) throw error;
          await pass(100);
        }
      }
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
