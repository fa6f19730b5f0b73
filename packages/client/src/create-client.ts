import { Calls } from './calls/calls.ts';
import { Chat } from './chat/chat.ts';
import { Connection, type ConnectionState } from './connection/connection.ts';
import { type OpenLine, socketLines } from './connection/line.ts';
import { Requests } from './connection/requests.ts';
import { Emitter, type Subscribable, type SubscribeOptions, type Unsubscribe } from './emitter.ts';
import { notSignedIn } from './errors.ts';
import type { ClientEvents } from './events.ts';
import { Notifications } from './push/notifications.ts';
import { Rooms } from './rooms/rooms.ts';
import { AccountApi } from './session/account-api.ts';
import { Api } from './session/api.ts';
import { createHttp } from './session/http.ts';
import { type Registration, Session } from './session/session.ts';
import { memoryStorage, type SessionStorage } from './session/storage.ts';
import type { Backoff } from './timing.ts';
import type { Account } from './wire.ts';

export interface ClientOptions {
  /** The server's base address, such as `https://chat.example.org`; in browsers the page's own origin when absent. */
  readonly url?: string;
  /** Where the session is kept; in memory when absent. `localStorage` and its like fit. */
  readonly storage?: SessionStorage;
  /** The key in the storage; `switchboard.session` when absent. */
  readonly storageKey?: string;
  /** Conversation id → seq from which on `message` events are wanted, as `chat.positions()` gave them before. */
  readonly positions?: Readonly<Record<string, number>>;
  /** In the order in which they are tried; WebSocket, then HTTP polling when absent. */
  readonly transports?: readonly ('websocket' | 'polling')[];
  /** Pauses between attempts to connect and to repeat: at random up to `baseMs` (500), doubled each time up to `maxMs` (30 000). */
  readonly backoff?: Partial<Backoff>;
  /** Milliseconds until a connection must stand (10 000), an ack must have come before it is asked again (10 000), and a request with all its attempts must be done (30 000). */
  readonly timeouts?: { readonly openMs?: number; readonly ackMs?: number; readonly requestMs?: number };
  readonly messages?: {
    /** Messages waiting to be sent, at most (1000). */
    readonly maxQueued?: number;
    /** Milliseconds until a message is given up, unless it says otherwise (120 000). */
    readonly deadlineMs?: number;
    /** Milliseconds for which a gap may stand before it is asked for (250). */
    readonly gapPatienceMs?: number;
  };
  /** `fetch` to use instead of the global one. */
  readonly fetch?: typeof fetch;
}

/** The connection to one server, as one user at a time. */
export interface Client extends Subscribable<ClientEvents> {
  /** Who is signed in. */
  readonly account: Account | null;
  readonly connection: ConnectionState;
  readonly chat: Chat;
  readonly calls: Calls;
  readonly rooms: Rooms;
  /** Push targets, and what may interrupt the user. */
  readonly notifications: Notifications;
  /** Users, one's own account and sessions, invitations. */
  readonly users: AccountApi;

  /** Makes an account and signs in. Rejects with CONFLICT (`detail` says of what), INVALID_DATA, PERMISSION_DENIED. */
  register(registration: Registration): Promise<Account>;
  /** Signs in with username or e-mail address. Rejects with UNAUTHORIZED, PERMISSION_DENIED (banned), RATE_LIMITED with `retryAfterMs`. */
  logIn(login: string, password: string): Promise<Account>;
  /** Signs in from the storage; null when there is nothing. Whether the session still lives shows with the first request or `connect`. */
  restore(): Promise<Account | null>;
  /** Ends the session: here in any case, on the server unless the promise rejects. `everywhere`: all of the user's sessions. */
  logOut(options?: { readonly everywhere?: boolean }): Promise<void>;
  /**
   * Connects, and stays connected over failures, drains and lapsed tokens until `disconnect`, `logOut` or the end of the session. Resolves when the
   * connection stands for the first time; rejects with NOT_SIGNED_IN, ABORTED or CLOSED.
   */
  connect(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Closes the connection; what waits is rejected with CLOSED. The session stays. */
  disconnect(): void;
  /** An access token for requests of one's own to the server's REST routes. */
  accessToken(): Promise<string>;
}

/** Does nothing until it is asked to; several clients side by side share nothing. */
export function createClient(options: ClientOptions = {}): Client {
  const { origin, prefix } = baseOf(options.url);
  return assemble(
    options,
    `${origin}${prefix}`,
    socketLines(origin, `${prefix}/socket.io`, options.transports ?? ['websocket', 'polling']),
  );
}

/** @internal */
export function assemble(options: ClientOptions, baseUrl: string, openLine: OpenLine): Client {
  const backoff = { baseMs: 500, maxMs: 30_000, ...options.backoff };
  const { openMs = 10_000, ackMs = 10_000, requestMs = 30_000 } = options.timeouts ?? {};
  const { maxQueued = 1000, deadlineMs = 120_000, gapPatienceMs = 250 } = options.messages ?? {};

  const events = new Emitter<ClientEvents>();
  // Looked up at each request, so that a page's own replacement of fetch is honoured.
  const http = createHttp(baseUrl, options.fetch ?? ((...request) => fetch(...request)));
  const session = new Session(
    http,
    options.storage ?? memoryStorage(),
    options.storageKey ?? 'switchboard.session',
  );
  const connection = new Connection(openLine, session, { openTimeoutMs: openMs, backoff });
  const requests = new Requests(connection, { ackTimeoutMs: ackMs, deadlineMs: requestMs, backoff });
  const chat: Chat = new Chat({
    requests,
    connection,
    events,
    me: () => session.account,
    maxQueued,
    sendDeadlineMs: deadlineMs,
    gapPatienceMs,
    positions: options.positions ?? {},
    prepare: async (to, signal) => {
      if ('roomId' in to) await rooms.entered(to.roomId, signal);
    },
  });
  const me = () => session.account;
  const api = new Api(session);
  const calls = new Calls({ requests, connection, api, me, events, ackTimeoutMs: ackMs });
  const rooms: Rooms = new Rooms({ requests, connection, api, events, chat, ackTimeoutMs: ackMs });

  connection.changes.on('state', (state) => events.emit('connection', state));
  connection.events.on('presence', (presence) => events.emit('presence', presence));
  session.changes.on('error', (error) => events.emit('error', error));
  session.changes.on('signed-in', (account) => {
    if (chat.belongTo(account.id)) {
      // Somebody else than before: nothing of theirs stays, the line least of all.
      const wanted = connection.state.status !== 'idle';
      connection.disconnect();
      leave();
      if (wanted) connection.connect();
    }
    events.emit('signed-in', account);
  });
  session.changes.on('signed-out', (signedOut) => {
    connection.disconnect(notSignedIn());
    leave();
    events.emit('signed-out', signedOut);
  });

  const leave = (): void => {
    calls.clear();
    rooms.clear();
    chat.clear();
  };

  return {
    chat,
    calls,
    rooms,
    users: new AccountApi(api, session),
    notifications: new Notifications(api),
    get account() {
      return session.account;
    },
    get connection() {
      return connection.state;
    },
    on: <E extends keyof ClientEvents>(
      event: E,
      listener: (payload: ClientEvents[E]) => void,
      subscription?: SubscribeOptions,
    ): Unsubscribe => events.on(event, listener, subscription),
    register: (registration) => session.register(registration),
    logIn: (login, password) => session.logIn(login, password),
    restore: () => session.restore(),
    logOut: ({ everywhere = false } = {}) =>
      session.logOut(everywhere ? '/api/v1/auth/logout-all' : '/api/v1/auth/logout'),
    async connect({ signal } = {}) {
      if (!session.account) throw notSignedIn();
      connection.connect();
      await connection.ready(signal);
    },
    disconnect: () => connection.disconnect(),
    accessToken: () => session.token(),
  };
}

/** A path in the address, where a proxy has us below one, is put before every route. */
function baseOf(url: string | undefined): { readonly origin: string; readonly prefix: string } {
  if (url === undefined) return { origin: '', prefix: '' };
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}
