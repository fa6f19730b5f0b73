import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { eventually } from './eventually.ts';

export interface Heard {
  readonly event: string;
  readonly args: readonly unknown[];
}

/** What an ack may hold, as far as tests look. */
export interface Answer {
  readonly ok: boolean;
  readonly success: boolean;
  readonly error?: { readonly code: string; readonly message: string; readonly retryAfterMs?: number };
  readonly [field: string]: unknown;
}

/** A client as people run it, with a memory for everything it was told. */
export interface TestClient extends AsyncDisposable {
  readonly socket: Socket;
  readonly heard: readonly Heard[];
  /** First arguments of every frame of this name so far. */
  all(event: string): Record<string, unknown>[];
  /** The first frame of this name that fits, come or to come. */
  hears(
    event: string,
    fits?: (payload: Record<string, unknown>) => boolean,
    withinMs?: number,
  ): Promise<Record<string, unknown>>;
  /** Emits and waits for the ack. */
  ask(event: string, ...args: unknown[]): Promise<Answer>;
  /** Resolves when all that the server sent before now is here: an answered question comes after it. */
  settled(): Promise<void>;
}

export type ClientOptions = Partial<ManagerOptions & SocketOptions>;

/** Connects; does not wait. */
export function connectClient(url: string, options: ClientOptions = {}): TestClient {
  const socket = io(url, { forceNew: true, reconnection: false, transports: ['websocket'], ...options });
  const heard: Heard[] = [];
  socket.onAny((event: string, ...args: unknown[]) => heard.push({ event, args }));

  const all = (event: string) =>
    heard.filter((frame) => frame.event === event).map((frame) => frame.args[0] as Record<string, unknown>);
  const ask = (event: string, ...args: unknown[]): Promise<Answer> =>
    socket.timeout(5_000).emitWithAck(event, ...args);

  return {
    socket,
    heard,
    all,
    ask,
    async hears(event, fits = () => true, withinMs = 5_000) {
      try {
        return await eventually(() => all(event).find(fits), withinMs);
      } catch {
        const names = heard.map((frame) => frame.event).join(', ') || 'nothing';
        throw new Error(`no fitting ${event} within ${withinMs} ms; heard ${names}`);
      }
    },
    async settled() {
      await ask('settled?').catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      socket.disconnect();
    },
  };
}

/** Connects and waits until the server confirms it. */
export async function connected(client: TestClient): Promise<TestClient> {
  await new Promise<void>((resolve, reject) => {
    client.socket.once('connect', resolve);
    client.socket.once('connect_error', reject);
    if (client.socket.connected) resolve();
  });
  return client;
}

/** Connects expecting to be refused. */
export async function refused(
  client: TestClient,
): Promise<{ message: string; data: Record<string, unknown> | undefined }> {
  return new Promise((resolve, reject) => {
    client.socket.once('connect', () => reject(new Error('was let in')));
    client.socket.once('connect_error', (error) => {
      const { data } = error as { data?: Record<string, unknown> };
      resolve({ message: error.message, data });
    });
  });
}
