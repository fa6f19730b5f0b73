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
    return countSending(awaitSubscriptions(adapter, subscriptions, `${prefix}#${namespace.name}#`));
  };
}

/** An adapter that tells when what was sent through it is out of this node's hands. */
export interface SendingAdapter extends Adapter {
  /**
   * Resolves when Redis has passed on everything sent so far, or has failed to. What any node sends after that is heard later, everywhere; until then it may
   * overtake. Never rejects.
   */
  sent(): Promise<void>;
}

/** What the library's adapter does for other nodes' sockets; it then goes on to those here. */
interface Publishing {
  doPublish(message: unknown): Promise<string>;
}

function countSending(adapter: Adapter): SendingAdapter {
  const sending = new Set<Promise<void>>();
  const publishing = adapter as unknown as Publishing;
  const publish = publishing.doPublish.bind(adapter);
  const broadcast = adapter.broadcast.bind(adapter);
  // What others sent before us came by the subscriber's connection, perhaps in the same turn of the loop as the answer to us by the publisher's: it goes first.
  publishing.doPublish = async (message) => {
    const offset = await publish(message);
    await new Promise(setImmediate);
    return offset;
  };
  // The library's own is asynchronous, though Socket.IO does not wait for it.
  adapter.broadcast = (packet, options): void => {
    const done = Promise.resolve(broadcast(packet, options) as void | Promise<void>).catch(() => {});
    sending.add(done);
    void done.finally(() => sending.delete(done));
  };
  return Object.assign(adapter, {
    async sent() {
      await Promise.all(sending);
    },
  });
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
