import { unavailable } from '@switchboard/protocol';
import { ConfigError } from '../config/config-error.ts';
import type { Logger } from '../logger.ts';
import type { HealthCheck } from '../service.ts';

export interface Runnable extends AsyncDisposable {
  /** Tells clients to move and finishes work in hand, within the time given. */
  drain?(withinMs: number): Promise<void>;
}

export interface Lifecycle {
  /** Fails from the moment the process is told to stop; give it to the HTTP app's checks. */
  readonly readiness: HealthCheck;
}

export interface RunOptions {
  readonly logger: Logger;
  /** Time for draining and disposing together; past it the process is ended. Default 25 000. */
  readonly shutdownMs?: number;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/** For the process to end by itself after a failed start. */
const LEFTOVERS_MS = 1_000;
/** Of the shutdown time, the part that draining may take; the rest is for closing stores. */
const DRAIN_SHARE = 0.7;

/**
 * Runs a service as this process. First SIGTERM or SIGINT: readiness fails, drain, dispose, and the process ends by itself with
 * code 0. A second one ends it at once (128 + signal number). A watchdog ends it with code 1 when stopping takes too long. A failed start, a failed
 * stop and an error that nobody caught end it with code 1. Resolves when the service has stopped.
 */
export async function runService(
  start: (lifecycle: Lifecycle) => Promise<Runnable>,
  { logger, shutdownMs = 25_000 }: RunOptions,
): Promise<void> {
  let stop: (signal: Signal) => void = () => undefined;
  const told = new Promise<Signal>((resolve) => {
    stop = resolve;
  });
  let started = false;
  let stopping = false;
  const readiness: HealthCheck = {
    name: 'lifecycle',
    async check() {
      if (stopping) throw unavailable('the service');
    },
  };

  const watch = (): NodeJS.Timeout =>
    setTimeout(() => {
      logger.error(
        { shutdownMs, open: process.getActiveResourcesInfo() },
        'stopping took too long: ending at once',
      );
      process.exit(1);
    }, shutdownMs).unref();

  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn({ reason: signal }, 'told twice to stop: ending at once');
      process.exit(SIGNALS[signal as Signal]);
    }
    stopping = true;
    watch();
    stop(signal as Signal);
  };
  const onFault = (kind: string) => (err: unknown) => {
    logger.fatal({ err }, kind);
    process.exit(1);
  };
  const onRejection = onFault('a promise was rejected and nobody caught it');
  const onException = onFault('an error was thrown and nobody caught it');

  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  process.on('unhandledRejection', onRejection);
  process.on('uncaughtException', onException);

  try {
    const service = await start({ readiness });
    started = true;
    // A signal alone does not keep a process alive that has nothing else to do.
    const alive = setInterval(() => undefined, 2 ** 30);
    const signal = await told;
    clearInterval(alive);
    logger.info({ reason: signal }, 'stopping');
    try {
      await service.drain?.(Math.floor(shutdownMs * DRAIN_SHARE));
    } catch (err) {
      // Stores are to be closed in order all the same.
      process.exitCode = 1;
      logger.error({ err }, 'draining failed');
    }
    await service[Symbol.asyncDispose]();
    logger.info('stopped');
  } catch (err) {
    process.exitCode = 1;
    if (err instanceof ConfigError) logger.fatal(err.message);
    else logger.fatal({ err }, stopping ? 'stopping failed' : 'starting failed');
    if (started) watch();
    // What was made by then is closed; a library may still hold a connection to a server that never answered.
    else setTimeout(() => process.exit(1), LEFTOVERS_MS).unref();
  }
}
