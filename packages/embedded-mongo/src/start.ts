import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { Counters, type Stats } from './engine/counters.ts';
import type { Log } from './engine/engine.ts';
import { DataDirLockedError } from './store/data-dir-locked-error.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-messages.ts';

export interface EmbeddedMongoOptions {
  /** Created when missing. One process at a time may have it open. */
  readonly dataDir: string;
  /** There is no authentication: anything but a loopback address is refused unless `allowRemote` says so. */
  readonly host?: string;
  readonly allowRemote?: boolean;
  /** 0, the default, picks a free one. */
  readonly port?: number;
  readonly maxConnections?: number;
  readonly maxCursors?: number;
  /** How often documents past their TTL are looked for; 60 000 by default. */
  readonly ttlIntervalMs?: number;
  readonly log?: Log;
}

export interface EmbeddedMongo extends AsyncDisposable {
  /** `mongodb://127.0.0.1:PORT/?directConnection=true` */
  readonly url: string;
  readonly port: number;
  stats(): Stats;
  /** Resolves when the server has ended; to an error when nobody asked it to. There is no second life: start another. */
  readonly ended: Promise<Error | undefined>;
}

const SILENT: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Starts the server on a thread of its own; resolves when it accepts connections and rejects when it cannot.
 * @throws DataDirLockedError when another server has the directory open
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host) && options.allowRemote !== true) {
    throw new Error(
      `embedded-mongo has no authentication and listens on loopback addresses only, not on ${host}`,
    );
  }
  const log = options.log ?? SILENT;
  const counters = new Counters();
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const setup: WorkerSetup = {
    dataDir,
    host,
    port: options.port ?? 0,
    maxConnections: options.maxConnections ?? 1000,
    maxCursors: options.maxCursors ?? 1000,
    ttlIntervalMs: options.ttlIntervalMs ?? 60_000,
    counters: counters.memory,
  };
  const worker = startWorker(setup);
  const exited = new Promise<number>((onExit) => worker.once('exit', onExit));
  const port = await ready(worker, log);
  let closing: Promise<void> | undefined;
  const ended = exited.then((code) => {
    if (closing !== undefined) return undefined;
    log.error({ code }, 'the embedded database stopped by itself');
    return new Error(`the embedded database stopped by itself (exit code ${code})`);
  });
  const close = async (): Promise<void> => {
    worker.postMessage({ type: 'close' } satisfies ToWorker);
    await exited;
  };
  return {
    url: `mongodb://${host.includes(':') ? `[${host}]` : host}:${port}/?directConnection=true`,
    port,
    ended,
    stats: () => counters.snapshot(),
    [Symbol.asyncDispose]: () => (closing ??= close()),
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Built, the thread needs nothing; from sources it first registers the TypeScript loader, which `--import` does not do in a thread. */
function startWorker(setup: WorkerSetup): Worker {
  const here = fileURLToPath(import.meta.url);
  if (!here.endsWith('.ts'))
    return new Worker(new URL('./worker.js', import.meta.url), { workerData: setup, execArgv: [] });
  const tsx = createRequire(import.meta.url).resolve('tsx/package.json');
  const loader = new URL('./dist/esm/api/index.mjs', pathToFileURL(tsx)).href;
  const entry = new URL('./worker.ts', import.meta.url).href;
  const script = `import { register } from ${JSON.stringify(loader)}; register(); await import(${JSON.stringify(entry)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`), {
    workerData: setup,
    execArgv: [],
  });
}

function ready(worker: Worker, log: Log): Promise<number> {
  return new Promise((onReady, onFailed) => {
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') onReady(message.port);
      else if (message.type === 'failed') onFailed(startError(message.name, message.message));
      else if (message.type === 'log') log[message.level](message.fields, message.message);
    });
    worker.on('error', (error) => {
      log.error({ err: error }, 'the embedded database failed');
      onFailed(error);
    });
    worker.once('exit', (code) =>
      onFailed(new Error(`the embedded database ended before it was ready (exit code ${code})`)),
    );
  });
}

function startError(name: string, message: string): Error {
  return name === 'DataDirLockedError' ? new DataDirLockedError(message) : new Error(message);
}
