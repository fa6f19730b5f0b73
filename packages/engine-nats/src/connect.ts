import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node';
import { SwitchboardError, unavailable } from '@switchboard/protocol';
import { inboxPrefixOf, readServers } from './servers.ts';

export interface NatsSettings {
  /** `nats://[user:password@]host:port`, several separated by commas for the nodes of one NATS cluster. */
  readonly url: string;
  /** What the servers show as the name of this connection. */
  readonly name: string;
  /** Told when the connection is lost and when it is back. */
  readonly onChange?: (up: boolean) => void;
}

/** One connection, which comes back by itself for as long as the process lives. */
export interface NatsLink {
  readonly nats: NatsConnection;
  readonly up: boolean;
  /** A subject for answers to this connection alone. */
  newInbox(): string;
  /** Finishes what was sent, then closes. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;
const RECONNECT_WAIT_MS = 250;
/** A hung server is noticed after two of these. */
const PING_INTERVAL_MS = 2_500;
const OLDEST = [2, 9] as const;

/** @throws SwitchboardError when no server can be reached, it is too old or lacks JetStream; the message names NATS_URL. */
export async function connectNats({ url, name, onChange }: NatsSettings): Promise<NatsLink> {
  const { hosts, user, password, tls } = readServers(url);
  const inboxPrefix = inboxPrefixOf(user);
  let nats: NatsConnection;
  try {
    nats = await connect({
      servers: [...hosts],
      ...(user === undefined ? {} : { user, pass: password }),
      ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
      ...(tls ? { tls: {} } : {}),
      name,
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT_MS,
      reconnectJitter: RECONNECT_WAIT_MS,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: 2,
    });
  } catch (cause) {
    throw new SwitchboardError(
      {
        code: 'SERVICE_UNAVAILABLE',
        message: `NATS cannot be used: ${reasonOf(cause)}`,
        retryable: true,
      },
      { cause },
    );
  }
  const version = nats.info?.version ?? 'unknown';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    await nats.close();
    throw new SwitchboardError({
      code: 'SERVICE_UNAVAILABLE',
      message: `The NATS server that NATS_URL names is version ${version}; ${OLDEST.join('.')} or newer is needed: update it, or name another`,
    });
  }
  if (nats.info?.jetstream !== true) {
    await nats.close();
    throw new SwitchboardError({
      code: 'SERVICE_UNAVAILABLE',
      message: 'The NATS server that NATS_URL names does not offer JetStream: start it with -js',
    });
  }

  let up = true;
  const change = (now: boolean): void => {
    if (up === now) return;
    up = now;
    onChange?.(now);
  };
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect' || type === 'staleConnection') change(false);
      else if (type === 'reconnect') change(true);
    }
  })();
  /** A server that hangs would keep us from ending. */
  const finish = async (): Promise<void> => {
    if (!up) return nats.close();
    const timer = setTimeout(() => void nats.close(), CLOSE_TIMEOUT_MS);
    await nats.drain().catch(() => nats.close());
    clearTimeout(timer);
  };
  let closing: Promise<void> | undefined;
  return {
    nats,
    get up() {
      return up && !nats.isClosed();
    },
    newInbox: () => createInbox(inboxPrefix),
    close() {
      // Without a server there is nothing to finish, and waiting for one would never end.
      closing ??= finish().finally(() => change(false));
      return closing;
    },
  };
}

/** Runs `work` only while there is a connection, and says of any failure that it may be tried again. */
export async function reaching<T>(link: NatsLink, what: string, work: () => Promise<T>): Promise<T> {
  if (!link.up) throw unavailable(what);
  try {
    return await work();
  } catch (error) {
    if (error instanceof SwitchboardError) throw error;
    throw unavailable(what, error);
  }
}

/** Never the URL, which may hold a password. */
function reasonOf(cause: unknown): string {
  const name = cause instanceof Error ? cause.name : '';
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError')
    return 'it refuses the credentials; check the user and the password in NATS_URL';
  return 'it does not answer; check that it runs and that NATS_URL names it';
}
