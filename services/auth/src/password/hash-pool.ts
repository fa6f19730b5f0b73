import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { SwitchboardError, unavailable } from '@switchboard/protocol';
import type { HashJob, HashReply } from './hash-job.ts';

export interface HashPoolOptions {
  readonly threads: number;
  /** Jobs that may wait for a thread; one more is refused with a retryable SERVICE_UNAVAILABLE. */
  readonly queue: number;
  /** Shown how many jobs wait, whenever that changes. */
  readonly waiting?: { set(value: number): void };
}

export interface HashPool extends AsyncDisposable {
  hash(input: string, cost: number): Promise<string>;
  compare(input: string, hash: string): Promise<boolean>;
}

type JobBody = HashJob extends infer J ? (J extends HashJob ? Omit<J, 'id'> : never) : never;

interface Pending {
  readonly job: HashJob;
  resolve(value: string | boolean): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  current: Pending | undefined;
}

/**
 * bcrypt on threads of its own: on the event loop every log-in would stop the process for the time of a hash.
 * Threads start with the first job that needs them and do not keep the process alive while idle. A thread that dies fails
 * its own job only and is replaced by the next.
 */
export function createHashPool(options: HashPoolOptions): HashPool {
  const threads = new Set<Thread>();
  const queue: Pending[] = [];
  let lastId = 0;
  let closed = false;

  const start = (): Thread => {
    const thread: Thread = { worker: spawn(), current: undefined };
    threads.add(thread);
    thread.worker.on('message', (reply: HashReply) => {
      const done = thread.current;
      if (done?.job.id !== reply.id) return;
      thread.current = undefined;
      if (reply.ok) done.resolve(reply.value);
      else done.reject(new SwitchboardError({ code: 'INTERNAL', message: 'A password could not be hashed' }));
      next(thread);
    });
    const lost = (cause?: unknown): void => {
      if (!threads.delete(thread)) return;
      thread.current?.reject(unavailable('Password hashing', cause));
      thread.current = undefined;
      if (!closed && queue.length > 0) next(start());
    };
    thread.worker.on('error', lost);
    thread.worker.on('exit', () => lost());
    return thread;
  };

  const next = (thread: Thread): void => {
    const pending = queue.shift();
    options.waiting?.set(queue.length);
    if (!pending) {
      thread.worker.unref();
      return;
    }
    thread.current = pending;
    thread.worker.ref();
    thread.worker.postMessage(pending.job);
  };

  const submit = (body: JobBody): Promise<string | boolean> => {
    if (closed) return Promise.reject(unavailable('Password hashing'));
    const idle = [...threads].find((thread) => !thread.current);
    const free = idle ?? (threads.size < options.threads ? start() : undefined);
    if (!free && queue.length >= options.queue) return Promise.reject(unavailable('Password hashing'));
    lastId += 1;
    const job: HashJob = { id: lastId, ...body };
    return new Promise((resolve, reject) => {
      queue.push({ job, resolve, reject });
      options.waiting?.set(queue.length);
      if (free) next(free);
    });
  };

  return {
    async hash(input, cost) {
      return String(await submit({ kind: 'hash', input, cost }));
    },
    async compare(input, hash) {
      return (await submit({ kind: 'compare', input, hash })) === true;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const pending of queue.splice(0)) pending.reject(unavailable('Password hashing'));
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}

/** Built, the thread needs nothing; from sources it first registers the TypeScript loader, which `--import` does not do in a thread. */
function spawn(): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./hash-worker.js', import.meta.url), { execArgv: [] });
  }
  const tsx = createRequire(import.meta.url).resolve('tsx/package.json');
  const loader = new URL('./dist/esm/api/index.mjs', pathToFileURL(tsx)).href;
  const entry = new URL('./hash-worker.ts', import.meta.url).href;
  const script = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(entry)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), { execArgv: [] });
}
