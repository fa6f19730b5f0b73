import pino, { type DestinationStream, type Logger } from 'pino';
import { prettyLines } from './pretty-lines.ts';

export type { Logger };

/** Keys whose values are never logged, wherever they stand. Lower case; `_` and `-` do not count. */
const HIDDEN_KEYS = new Set([
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'pushtoken',
  'expopushtoken',
  'password',
  'passwordhash',
  'secret',
  'jwtsecret',
  'authorization',
  'cookie',
  'setcookie',
  'sdp',
  'offer',
  'answer',
  'candidate',
  'candidates',
  'content',
  'signaldata',
  'signal',
  'jwt',
  'credential',
  'endpoint',
  'subscription',
  'p256dh',
  'auth',
  'signingsecret',
  'privatekey',
  'preview',
  'body',
]);
const HIDDEN = '[hidden]';
const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;

export interface LoggerOptions {
  readonly level: string;
  readonly service: string;
  readonly nodeId: string;
  /** Lines for people rather than JSON. */
  readonly pretty?: boolean;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

type MakeChild = (this: Logger, bindings: pino.Bindings, options?: pino.ChildLoggerOptions) => Logger;

/** A logger whose lines carry service and node, and never what HIDDEN_KEYS names, at whatever depth it is logged. */
export function createLogger({ level, service, nodeId, pretty, destination }: LoggerOptions): Logger {
  const out = destination ?? pino.destination(1);
  const options: pino.LoggerOptions = {
    level,
    base: { service, nodeId },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError, error: describeError },
    formatters: {
      level: (label) => ({ level: label }),
      log: (facts) => scrub(facts, 0) as Record<string, unknown>,
    },
  };
  const logger = pino(options, pretty ? prettyLines(out) : out);
  // pino leaves a child's bindings as they are; children inherit this from their parent.
  const child = Reflect.get(logger, 'child') as unknown as MakeChild;
  return Object.assign(logger, {
    child(this: Logger, bindings: pino.Bindings, more?: pino.ChildLoggerOptions) {
      return child.call(this, scrub(bindings, 0) as pino.Bindings, more);
    },
  });
}

function scrub(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value);
  if (value === null || typeof value !== 'object') return value;
  if (depth >= MAX_DEPTH) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((entry) => scrub(entry, depth + 1));
  if (value instanceof Date) return value;
  if (value instanceof Map || value instanceof Set) return `[${value.constructor.name} of ${value.size}]`;
  const shown: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value).slice(0, MAX_ENTRIES)) {
    const hide = entry !== undefined && HIDDEN_KEYS.has(key.toLowerCase().replace(/[_-]/g, ''));
    shown[key] = hide ? HIDDEN : scrub(entry, depth + 1);
  }
  return shown;
}

/** An error without the properties that libraries hang on it: those hold documents, commands and inputs. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return scrub(error, depth);
  const code = 'code' in error && ['string', 'number'].includes(typeof error.code) ? error.code : undefined;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    stack: error.stack,
    ...(error.cause === undefined || depth >= 3 ? {} : { cause: describeError(error.cause, depth + 1) }),
  };
}
