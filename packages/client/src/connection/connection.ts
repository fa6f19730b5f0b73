import { Emitter } from '../emitter.ts';
import { asSwitchboardError, closed, lineLost, notSignedIn, type SwitchboardError } from '../errors.ts';
import { abortError, type Backoff, pauseMs, sleep, unlessAborted } from '../timing.ts';
import type { ServerEvent, ServerEvents } from '../wire.ts';
import type { Line, OpenLine } from './line.ts';

/**
 *   idle ──connect──▶ connecting ──authenticated──▶ connected
 *    ▲                  ▲     │ failed                  │ lost, drained
 *    │                  │     ▼                         ▼
 *    └──disconnect,───  └── waiting ◀───────────────────┘
 *       signed out          (also connecting at once, after a drain)
 */
export type ConnectionState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting' }
  | { readonly status: 'connected'; readonly deviceId: string }
  /** `retryAt`: epoch ms. `error`: why the last attempt or the last connection ended. */
  | { readonly status: 'waiting'; readonly retryAt: number; readonly error: SwitchboardError };

/** What a connection needs of a session. */
export interface Credentials {
  token(): Promise<string>;
  refresh(refused: string): Promise<string>;
}

/** An authenticated line, as those who restore their state on it see it. */
export interface OpenedLine {
  readonly line: Line;
  readonly deviceId: string;
}

interface Ended {
  readonly error: SwitchboardError;
  /** How long it was authenticated. */
  readonly heldMs: number;
  /** We left because the node asked us to. */
  readonly drained: boolean;
}

type Forwarded = { [E in ServerEvent]: ServerEvents[E] };
interface ConnectionChanges {
  state: ConnectionState;
  /** The state of this client was restored on a new line; requests go through again. */
  ready: { readonly deviceId: string };
}

export interface ConnectionOptions {
  readonly openTimeoutMs: number;
  readonly backoff: Backoff;
}

/** A line that held this long starts the pauses anew. */
const STABLE_MS = 10_000;
/** Refused for another reason than a passing one; coming back soon would be of no use. */
const HOPELESS_MS = 30_000;

/** Keeps one line open while wanted. */
export class Connection {
  readonly changes = new Emitter<ConnectionChanges>();
  readonly events = new Emitter<Forwarded>();
  readonly #open: OpenLine;
  readonly #credentials: Credentials;
  readonly #options: ConnectionOptions;
  readonly #restorers: Array<(opened: OpenedLine) => Promise<void>> = [];
  #state: ConnectionState = { status: 'idle' };
  #stop: AbortController | undefined;
  #wake: (() => void) | undefined;
  #ready: OpenedLine | undefined;
  /** Why there is no connection, while none is wanted. */
  #why: SwitchboardError = closed('Not connected: call connect() first');

  constructor(open: OpenLine, credentials: Credentials, options: ConnectionOptions) {
    this.#open = open;
    this.#credentials = credentials;
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** What must be done on a new line before anything else may be asked on it, such as entering rooms again. */
  restoreWith(restore: (opened: OpenedLine) => Promise<void>): void {
    this.#restorers.push(restore);
  }

  /** Connects, and reconnects until `disconnect`. While it waits between attempts: tries at once. */
  connect(): void {
    if (this.#stop) {
      this.#wake?.();
      return;
    }
    const stop = new AbortController();
    this.#stop = stop;
    const online = (): void => this.#wake?.();
    const page = globalThis as { addEventListener?: typeof addEventListener };
    page.addEventListener?.('online', online, { signal: stop.signal });
    this.#keepUp(stop.signal).catch((error: unknown) => this.disconnect(asSwitchboardError(error)));
  }

  disconnect(why: SwitchboardError = closed()): void {
    const stop = this.#stop;
    this.#stop = undefined;
    this.#why = why;
    stop?.abort(why);
    this.#ready = undefined;
    this.#become({ status: 'idle' });
  }

  /**
   * The line once it is there and this client's state is restored on it. Rejects when `signal` aborts; with CLOSED or NOT_SIGNED_IN when the
   * connection is given up or was not asked for.
   */
  ready(signal?: AbortSignal): Promise<OpenedLine> {
    if (signal?.aborted) return Promise.reject(abortError(signal));
    if (this.#ready) return Promise.resolve(this.#ready);
    const stop = this.#stop;
    if (!stop) return Promise.reject(this.#why);
    const unsubscribe = new AbortController();
    const line = new Promise<OpenedLine>((resolve) => {
      this.changes.on('ready', () => this.#ready && resolve(this.#ready), { signal: unsubscribe.signal });
    });
    return unlessAborted(unlessAborted(line, stop.signal), signal).finally(() => unsubscribe.abort());
  }

  /** The line of this moment; throws NETWORK when there is none. */
  current(): OpenedLine {
    if (!this.#ready) throw this.#stop ? lineLost() : this.#why;
    return this.#ready;
  }

  async #keepUp(stop: AbortSignal): Promise<void> {
    for (let attempt = 0, renewed = false; !stop.aborted; ) {
      this.#become({ status: 'connecting' });
      let token: string | undefined;
      let ended: Ended;
      try {
        token = await unlessAborted(this.#credentials.token(), stop);
        ended = await this.#hold(token, stop);
      } catch (error) {
        if (stop.aborted) return;
        ended = { error: asSwitchboardError(error), heldMs: 0, drained: false };
      }
      if (stop.aborted) return;
      if (ended.heldMs > 0) renewed = false;
      if (ended.heldMs >= STABLE_MS) attempt = 0;
      if (ended.drained) {
        // Elsewhere at once, but not in a loop with a node that lets us in only to send us away.
        await unlessAborted(sleep(Math.random() * this.#options.backoff.baseMs), stop).catch(() => {});
        continue;
      }

      let { error } = ended;
      if (error.code === 'NOT_SIGNED_IN') return this.disconnect(notSignedIn());
      if (error.code === 'UNAUTHORIZED' && token !== undefined && !renewed) {
        try {
          await unlessAborted(this.#credentials.refresh(token), stop);
          renewed = true;
          continue;
        } catch (failure) {
          if (stop.aborted) return;
          error = asSwitchboardError(failure);
          if (!error.retryable) return this.disconnect(error);
        }
      }
      await this.#pause(attempt, error, stop);
      attempt += 1;
      renewed = false;
    }
  }

  async #pause(attempt: number, error: SwitchboardError, stop: AbortSignal): Promise<void> {
    const { backoff } = this.#options;
    const asked = error.retryAfterMs ?? (error.retryable ? 0 : HOPELESS_MS);
    const ms = pauseMs(attempt, backoff, asked);
    this.#become({ status: 'waiting', retryAt: Date.now() + ms, error });
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    try {
      await unlessAborted(sleep(ms, woken.signal), stop);
    } catch {
      // Woken, or not wanted any more: the loop looks.
    } finally {
      this.#wake = undefined;
      woken.abort();
    }
  }

  /** Opens a line and stays until it ends. */
  #hold(token: string, stop: AbortSignal): Promise<Ended> {
    return new Promise((resolve) => {
      let openedAt: number | undefined;
      let over = false;
      let leaving: ReturnType<typeof setTimeout> | undefined;
      const leave = (error: SwitchboardError, drained: boolean): void => {
        if (over) return;
        over = true;
        stop.removeEventListener('abort', abort);
        clearTimeout(leaving);
        line.close();
        if (this.#ready?.line === line) this.#ready = undefined;
        resolve({ error, drained, heldMs: openedAt === undefined ? 0 : Math.max(1, Date.now() - openedAt) });
      };
      const abort = (): void => leave(closed(), false);

      const line = this.#open(
        { token, timeoutMs: this.#options.openTimeoutMs },
        {
          opened: ({ deviceId }) => {
            openedAt = Date.now();
            void this.#restore({ line, deviceId }, () => !over);
          },
          event: (event, payload) => {
            if (event === 'server.drain') {
              const { withinMs } = payload as ServerEvents['server.drain'];
              leaving ??= setTimeout(() => leave(closed(), true), Math.random() * withinMs);
            }
            this.events.emit(event, payload);
          },
          closed: (error) => leave(error, leaving !== undefined),
        },
      );
      stop.addEventListener('abort', abort, { once: true });
    });
  }

  async #restore(opened: OpenedLine, stillThere: () => boolean): Promise<void> {
    // Each by itself settles what it could not restore; a line that breaks meanwhile is followed by another.
    await Promise.allSettled(this.#restorers.map((restore) => restore(opened)));
    if (!stillThere()) return;
    this.#ready = opened;
    this.#become({ status: 'connected', deviceId: opened.deviceId });
    this.changes.emit('ready', { deviceId: opened.deviceId });
  }

  #become(state: ConnectionState): void {
    if (state.status === this.#state.status && state.status !== 'waiting') return;
    this.#state = state;
    this.changes.emit('state', state);
  }
}
