/** What a process needs of the kit before it has loaded the rest, which takes most of its start. */
export { type Lifecycle, type Runnable, type RunOptions, runService } from './lifecycle/run-service.ts';
export { createLogger, type Logger, type LoggerOptions } from './logger.ts';
