import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { Adapter } from 'socket.io-adapter';
import type { RedisClient } from './connect.ts';
import { createSubscriptions, type Subscriptions } from './subscriptions.ts';

type Namespace = Parameters<ReturnType<typeof createShardedAdapter>>[0];
type Room = string;

export interface SocketAdapterParts {
  /** For publishing: the handle's own client will do. */
  readonly publisher: RedisClient;
  /** A connection of its own: `RedisHandle.subscriber()`. */
  readonly subscriber: RedisClient;
  readonly prefix?: string;
  /** Told of subscriptions that could not be made at once; they are tried again. */
  readonly onError?: (error: Error) => void;
}

/**
 * The Socket.IO adapter of a cluster: the sharded one with a channel a room, so that only nodes which hold a member receive what is sent there. A join is
 * done when Redis has confirmed the subscription, where the library would not wait: `await socket.join(room)`, and an emit from any node arrives.
 */
export function createRedisSocketAdapter({
  publisher,
  subscriber,
  prefix = 'sb:io',
  onError,
}: SocketAdapterParts) {
  const subscriptions = createSubscriptions(subscriber, onError);
  const make = createShardedAdapter(publisher, subscriptions, {
    subscriptionMode: 'dynamic',
    channelPrefix: prefix,
  });
  // Called with `new`, which an arrow function does not bear.
  return function createAdapter(namespace: Namespace): Adapter {
    const adapter = make(namespace) as Adapter;
    return awaitSubscriptions(adapter, subscriptions, `${prefix}#${namespace.name}#`);
  };
}

function awaitSubscriptions(adapter: Adapter, subscriptions: Subscriptions, channels: string): Adapter {
  const addAll = adapter.addAll.bind(adapter);
  adapter.addAll = (id: string, rooms: Set<Room>): Promise<void> | void => {
    void addAll(id, rooms);
    const pending = [...rooms].flatMap((room) => subscriptions.pending(`${channels}${room}#`) ?? []);
    return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
  };
  return adapter;
}
