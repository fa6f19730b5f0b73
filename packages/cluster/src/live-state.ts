import {
  createRedisLiveCalls,
  createRedisPresence,
  createRedisRoomPresence,
  createRedisSocketAdapter,
} from '@switchboard/engine-redis';
import type { LiveCalls, Presence, RoomPresence } from '@switchboard/ports';
import type { Engines } from './engines.ts';

/** What signaling nodes share beside the bus. */
export interface LiveState<Call> {
  readonly liveCalls: LiveCalls<Call>;
  readonly presence: Presence;
  readonly roomPresence: RoomPresence;
  /** For the Socket.IO server. */
  readonly adapter: ReturnType<typeof createRedisSocketAdapter>;
  /** Calls back whenever that adapter's connection is back: what others sent meanwhile did not come. */
  readonly onReachedAgain: (listener: () => void) => void;
}

export async function connectLiveState<Call>({ redis, logger }: Engines): Promise<LiveState<Call>> {
  const { client } = redis;
  const subscriber = await redis.subscriber();
  return {
    liveCalls: createRedisLiveCalls<Call>(client),
    presence: createRedisPresence(client),
    roomPresence: createRedisRoomPresence(client),
    adapter: createRedisSocketAdapter({
      publisher: client,
      subscriber,
      onError: (err) => logger.warn({ err: err.message }, 'a subscription was not made, trying again'),
    }),
    onReachedAgain: (listener) => void subscriber.on('ready', listener),
  };
}
