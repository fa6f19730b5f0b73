import { createRequire } from 'node:module';
import { dialects } from '../../packages/dialects/src/registry.ts';
import { EventLog } from './event-log.ts';

/** What the client libraries of Socket.IO 2 and 3 have in common; the older has no types of its own. */
interface OldSocket {
  readonly id: string;
  connected: boolean;
  on(event: string, listener: (...args: unknown[]) => void): void;
  once(event: string, listener: (...args: unknown[]) => void): void;
  emit(event: string, ...args: unknown[]): void;
  close(): void;
}
type OldLibrary = (url: string, options: Record<string, unknown>) => OldSocket;

export type OldVersion = 2 | 3;

const require = createRequire(import.meta.url);

/** Every event that any vocabulary can say: these libraries cannot listen to all. */
const events = new Set([...dialects.values()].flatMap(({ outbound }) => [...outbound.keys()]));

/** An unmodified socket.io-client of years ago with a memory of what it was sent. */
export class OldClient {
  readonly log: EventLog;
  readonly socket: OldSocket;

  private constructor(who: string, socket: OldSocket) {
    this.log = new EventLog(who);
    this.socket = socket;
    for (const event of events) socket.on(event, (...args) => this.log.push(event, args));
  }

  /** @param token In the query with version 2, which has no other place for it in a browser; in `auth` with 3. Rejects with the refusal's text. */
  static async open(
    who: string,
    url: string,
    version: OldVersion,
    {
      token,
      ...options
    }: { readonly token?: string; readonly transports?: readonly string[] } & Record<string, unknown> = {},
  ): Promise<OldClient> {
    const library = require(`socket.io-client-v${version}`) as OldLibrary;
    const shown = token === undefined ? {} : version === 2 ? { query: { token } } : { auth: { token } };
    const socket = library(url, { forceNew: true, reconnection: false, ...shown, ...options });
    const client = new OldClient(who, socket);
    await new Promise<void>((resolve, reject) => {
      let connected = false;
      const refused = (reason: unknown) => {
        // An `error` event of the server's, later on.
        if (connected) return;
        socket.close();
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      };
      socket.once('connect', () => {
        connected = true;
        resolve();
      });
      // 3 says what was wrong by the one, 2 by the other.
      socket.once('connect_error', refused);
      socket.once('error', refused);
    });
    return client;
  }

  send(event: string, ...args: unknown[]): void {
    this.socket.emit(event, ...args);
  }

  ask(event: string, ...args: unknown[]): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${event} was not acknowledged`)), 5000);
      this.socket.emit(event, ...args, (answer: Record<string, unknown>) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  close(): void {
    this.socket.close();
  }
}
