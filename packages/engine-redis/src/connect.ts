import { SwitchboardError, unavailable } from '@switchboard/protocol';
import { Cluster, Redis, type RedisOptions } from 'ioredis';

export type RedisClient = Redis | Cluster;

export interface RedisSettings {
  /** `redis[s]://[user:password@]host:port[/db]`; several, separated by commas, are nodes of one Redis Cluster (later ones may leave out what the first says). */
  readonly url: string;
  /** Told of every lost connection and failed reconnect; never with a password in it. */
  readonly onError?: (error: Error) => void;
}

/** One connection to Redis for commands. Disposing closes it. */
export interface RedisHandle extends AsyncDisposable {
  readonly client: RedisClient;
  /** Rejects with a retryable SERVICE_UNAVAILABLE while Redis does not answer, or one of the handle's connections is not there. */
  ping(): Promise<void>;
  /** A connection of its own that has the same settings, for subscriptions; connected when this resolves. Closed with the handle. */
  subscriber(): Promise<RedisClient>;
}

/** Commands are refused rather than queued while there is no connection: whoever waits for an answer must hear soon that there is none. */
const COMMAND_TIMEOUT_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_RECONNECT_DELAY_MS = 1_000;
/** The oldest server whose commands are used here (sharded publish/subscribe, which the socket adapter needs). */
const OLDEST_MAJOR = 7;

const connectionOptions = {
  lazyConnect: true,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_TIMEOUT_MS,
  commandTimeout: COMMAND_TIMEOUT_MS,
  autoResubscribe: true,
  retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), MAX_RECONNECT_DELAY_MS),
} as const satisfies RedisOptions;

/**
 * Connects and waits until commands are answered.
 * @throws SwitchboardError, retryable, when Redis cannot be reached or is too old; the message says which and names REDIS_URL.
 */
export async function connectRedis({ url, onError }: RedisSettings): Promise<RedisHandle> {
  const open: RedisClient[] = [];
  let lastError: Error | undefined;
  const connect = async (options: Differing): Promise<RedisClient> => {
    const client = createClient(url, options);
    // Without a listener a lost connection would end the process.
    client.on('error', (error: Error) => {
      lastError = error;
      onError?.(error);
    });
    open.push(client);
    await client.connect();
    return client;
  };
  const close = (): void => {
    for (const client of open.splice(0)) client.disconnect();
  };

  try {
    const client = await connect({});
    await refuseOldServer(client);
    return {
      client,
      async ping() {
        // Subscriptions made before come back with their connection; without it nothing reaches this process.
        if (open.some(({ status }) => status !== 'ready')) throw unavailable('Redis');
        await guarded(client.ping());
      },
      // A subscriber's connection answers no commands while it waits, and its subscriptions have no answer to time out on.
      subscriber: () =>
        connect({ commandTimeout: CONNECT_TIMEOUT_MS, enableOfflineQueue: true }).catch((cause: unknown) => {
          throw unavailable('Redis', cause);
        }),
      async [Symbol.asyncDispose]() {
        close();
      },
    };
  } catch (cause) {
    close();
    if (cause instanceof SwitchboardError) throw cause;
    throw new SwitchboardError(
      {
        code: 'SERVICE_UNAVAILABLE',
        message: `Redis cannot be used: ${reasonOf(lastError ?? cause)}`,
        retryable: true,
      },
      { cause: lastError ?? cause },
    );
  }
}

/** Never the URL, which may hold a password. */
function reasonOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : '';
  if (/^(NOAUTH|WRONGPASS|ERR AUTH|ERR invalid password)/.test(said)) {
    return 'it refuses the credentials; check the user and the password in REDIS_URL';
  }
  return 'it does not answer; check that it runs and that REDIS_URL names it';
}

/** What a subscriber's connection has otherwise. */
interface Differing {
  readonly commandTimeout?: number;
  readonly enableOfflineQueue?: boolean;
}

function createClient(url: string, options: Differing): RedisClient {
  const [first = '', ...others] = url.split(',').map((each) => each.trim());
  if (others.length === 0) return new Redis(first, { ...connectionOptions, ...options });
  const { username, password, protocol } = new URL(first);
  const nodes = [first, ...others.map((each) => (each.includes('://') ? each : `${protocol}//${each}`))];
  return new Cluster(nodes, {
    lazyConnect: true,
    enableOfflineQueue: options.enableOfflineQueue ?? false,
    // One subscriber a master: a channel lives in the slot of its name.
    shardedSubscribers: true,
    slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    clusterRetryStrategy: connectionOptions.retryStrategy,
    redisOptions: {
      ...connectionOptions,
      ...options,
      ...(username ? { username: decodeURIComponent(username) } : {}),
      ...(password ? { password: decodeURIComponent(password) } : {}),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
}

async function refuseOldServer(client: RedisClient): Promise<void> {
  const info = await client.info('server');
  const version = /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown';
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  throw new SwitchboardError({
    code: 'SERVICE_UNAVAILABLE',
    message: `The Redis that REDIS_URL names is version ${version}; ${OLDEST_MAJOR}.0 or newer is needed: update it, or name another`,
  });
}

/** Replies that are about the server's state rather than about what was asked. */
const AWAY = /^(LOADING|READONLY|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|BUSY|OOM|NOREPLICAS|MISCONF|NOSCRIPT)\b/;

/** What the port says of failures: anything but a refusal of the command itself is "away, and what became of it is unknown". */
export async function guarded<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError' && !AWAY.test(error.message)) throw error;
    throw unavailable('Redis', error);
  }
}
