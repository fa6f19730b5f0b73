import { Agent, DecoratorHandler, Dispatcher } from 'undici';
import { REQUEST_MS } from '../provider.ts';

const MAX_REPLY_BYTES = 1024 * 1024;
const CONNECT_MS = 5_000;

/** What is known of a request beside what Expo's library says of it. */
export interface ExpoExchange {
  /** Absent: nothing was answered. */
  status?: number;
  /** Retry-After. */
  retryAfter?: string;
  /** Bytes may have reached the service. */
  begun: boolean;
}

/** Connections to Expo's service, kept open between requests. */
export interface ExpoLine extends AsyncDisposable {
  /** For one call of the library, and what becomes known of it. */
  exchange(signal: AbortSignal): { readonly dispatcher: Dispatcher; readonly seen: ExpoExchange };
}

/**
 * Expo's library reads where the service is from the environment of the process, once, follows redirects, waits for ever and tries again by itself. What it hands
 * to undici passes through here: the place is ours, a redirect or a second try ends the request, time and size are bounded, and status and Retry-After are seen.
 */
export function createExpoLine(baseUrl: string, connections: number): ExpoLine {
  const base = new URL(baseUrl);
  const prefix = base.pathname.replace(/\/$/, '');
  const agent = new Agent({
    connections,
    pipelining: 1,
    connect: { timeout: CONNECT_MS },
    headersTimeout: REQUEST_MS,
    bodyTimeout: REQUEST_MS,
    maxResponseSize: MAX_REPLY_BYTES,
  });
  return {
    exchange(signal) {
      const seen: ExpoExchange = { begun: false };
      return { seen, dispatcher: new OneRequest(agent, { origin: base.origin, prefix, seen, signal }) };
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

interface OneRequestOptions {
  readonly origin: string;
  readonly prefix: string;
  readonly seen: ExpoExchange;
  readonly signal: AbortSignal;
}

class OneRequest extends Dispatcher {
  readonly #agent: Agent;
  readonly #options: OneRequestOptions;
  #asked = false;

  constructor(agent: Agent, options: OneRequestOptions) {
    super();
    this.#agent = agent;
    this.#options = options;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (this.#asked) throw new Error('asked once already');
    this.#asked = true;
    const { origin, prefix, seen, signal } = this.#options;
    const path = options.path.slice(Math.max(0, options.path.indexOf('/--/')));
    return this.#agent.dispatch(
      { ...options, origin, path: prefix + path },
      new Watching(handler, seen, signal),
    );
  }
}

/** What the class has at run time, which its types leave out. */
interface Decorating extends Dispatcher.DispatchHandler {
  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void;
  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusMessage?: string,
  ): void;
}
const Decorating = DecoratorHandler as unknown as new (handler: Dispatcher.DispatchHandler) => Decorating;

/** Tells what goes by, and ends the request when its time is over. */
class Watching extends Decorating {
  readonly #seen: ExpoExchange;
  readonly #signal: AbortSignal;

  constructor(handler: Dispatcher.DispatchHandler, seen: ExpoExchange, signal: AbortSignal) {
    super(handler);
    this.#seen = seen;
    this.#signal = signal;
  }

  override onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    const end = (): void => controller.abort(new Error('out of time'));
    if (this.#signal.aborted) end();
    else this.#signal.addEventListener('abort', end, { once: true });
    this.#seen.begun = true;
    super.onRequestStart(controller, context);
  }

  override onResponseStart(...reply: Parameters<Decorating['onResponseStart']>): void {
    const [, status, headers] = reply;
    this.#seen.status = status;
    const retryAfter = headers['retry-after'];
    if (typeof retryAfter === 'string') this.#seen.retryAfter = retryAfter;
    super.onResponseStart(...reply);
  }
}
