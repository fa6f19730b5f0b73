import { io, type Socket } from 'socket.io-client';
import type { RunLog } from './run-log.ts';

export type Answer =
  | { readonly kind: 'ok'; readonly reply: Record<string, unknown> }
  | { readonly kind: 'fail'; readonly code: string }
  | { readonly kind: 'unknown' };

export interface SocketOptions {
  readonly url: string;
  readonly token: string;
  readonly dialect: string;
  readonly who: number;
  readonly log: RunLog;
  /** The event after which it is authenticated; default the transport's own connecting. */
  readonly greeting?: string;
  readonly onEvent: (event: string, payload: Record<string, unknown>, line: number) => void;
  /** Asks for what was missed; false: it could not, and has to be called again. */
  readonly catchUp: (line: number) => Promise<boolean>;
}

const OPEN_WITHIN_MS = 8_000;
/** Longer than the services wait for one another, so that "unknown" is said by them where they can. */
const ANSWER_WITHIN_MS = 8_000;
const [FIRST_PAUSE_MS, LAST_PAUSE_MS] = [100, 1_000];
/** Refusals after which the same request may go through, or may have. */
const PASSING = new Set(['SERVICE_UNAVAILABLE', 'INTERNAL', 'MESSAGE_SEND_FAILED', 'CALL_FAILED']);

const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One client's socket, which comes back whenever it is lost, asks for what it missed, and says in the log when. */
export class ReconnectingSocket {
  readonly #options: SocketOptions;
  #socket: Socket | undefined;
  #line = 0;
  #open = false;
  #caughtUp = false;
  #closed = false;
  #heardAt = 0;
  #waiting: (() => void)[] = [];
  readonly #running: Promise<void>;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#running = this.#keepUp();
  }

  get open(): boolean {
    return this.#open;
  }

  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** Which connection this is, counted from 1. */
  get line(): number {
    return this.#line;
  }

  /** Resolves when it is open, or will never be again. */
  opened(): Promise<void> {
    if (this.#open || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async ask(event: string, payload: unknown, withinMs: number = ANSWER_WITHIN_MS): Promise<Answer> {
    const socket = this.#socket;
    if (!socket || !this.#open) return { kind: 'unknown' };
    const askedAt = performance.now();
    try {
      const reply = (await unlessClosed(socket, socket.timeout(withinMs).emitWithAck(event, payload))) as {
        ok?: unknown;
        error?: { code?: string; retryable?: unknown };
      };
      if (reply?.ok === true) return { kind: 'ok', reply: reply as Record<string, unknown> };
      const code = reply?.error?.code ?? 'none';
      return reply?.error?.retryable === true || PASSING.has(code)
        ? { kind: 'unknown' }
        : { kind: 'fail', code };
    } catch {
      // A node that says nothing at all has perhaps stopped: a heartbeat would tell in half a minute, a new connection does at once.
      if (socket === this.#socket && this.#heardAt < askedAt) socket.disconnect();
      return { kind: 'unknown' };
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#socket?.disconnect();
    for (const resolve of this.#waiting.splice(0)) resolve();
    await this.#running;
  }

  async #keepUp(): Promise<void> {
    const { log, who } = this.#options;
    let lost: (typeof log.lines)[number] | undefined;
    for (let pause = FIRST_PAUSE_MS; !this.#closed; ) {
      const socket = await this.#connect();
      if (!socket) {
        await pass(pause * (0.5 + Math.random() / 2));
        pause = Math.min(pause * 2, LAST_PAUSE_MS);
        continue;
      }
      pause = FIRST_PAUSE_MS;
      const ended = new Promise<void>((resolve) => {
        socket.once('disconnect', () => resolve());
        if (socket.disconnected) resolve();
      });
      this.#open = true;
      if (lost) lost.backAt = log.now();
      const mine = lost;
      for (const resolve of this.#waiting.splice(0)) resolve();
      void this.#catchUp(socket, () => {
        if (mine) mine.caughtUpAt = log.now();
      });
      await ended;
      this.#open = false;
      this.#caughtUp = false;
      socket.disconnect();
      lost = { who, lostAt: log.now() };
      if (!this.#closed) log.lines.push(lost);
    }
  }

  async #catchUp(socket: Socket, done: () => void): Promise<void> {
    while (socket.connected && !this.#closed) {
      if (await this.#options.catchUp(this.#line)) {
        if (!socket.connected) return;
        this.#caughtUp = true;
        return done();
      }
      await pass(250);
    }
  }

  /** Undefined when it did not come about. */
  async #connect(): Promise<Socket | undefined> {
    const { url, token, dialect, greeting = 'connect', onEvent } = this.#options;
    const socket = io(url, {
      auth: { token, dialect },
      transports: ['websocket'],
      forceNew: true,
      reconnection: false,
      timeout: OPEN_WITHIN_MS,
    });
    this.#line += 1;
    this.#socket = socket;
    const line = this.#line;
    return new Promise((resolve) => {
      const fail = (): void => {
        clearTimeout(timer);
        socket.disconnect();
        resolve(undefined);
      };
      const succeed = (): void => {
        clearTimeout(timer);
        socket.off('disconnect', fail);
        resolve(socket);
      };
      const timer = setTimeout(fail, OPEN_WITHIN_MS);
      socket.once('connect_error', fail);
      socket.once('disconnect', fail);
      socket.once(greeting, succeed);
      socket.onAny((event: string, payload: unknown) => {
        this.#heardAt = performance.now();
        if (event === 'server.drain') leave(socket, payload);
        onEvent(event, (payload ?? {}) as Record<string, unknown>, line);
      });
      if (this.#closed) fail();
    });
  }
}

/** The node asks to be left at a moment of one's own choice. */
function leave(socket: Socket, payload: unknown): void {
  const { withinMs } = payload as { withinMs?: unknown };
  setTimeout(() => socket.disconnect(), Math.random() * Number(withinMs ?? 0));
}

/** The client library answers a request on a lost socket only when its time is over. */
function unlessClosed<T>(socket: Socket, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new Error('the line was lost'));
    socket.once('disconnect', lost);
    work.then(resolve, reject).finally(() => socket.off('disconnect', lost));
  });
}
