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
}

export async function connectLiveState<Call>({ redis, logger }: Engines): Promise<LiveState<Call>> {
  const { client } = redis;
  return {
    liveCalls: createRedisLiveCalls<Call>(client),
    presence: createRedisPresence(client),
    roomPresence: createRedisRoomPresence(client),
    adapter: createRedisSocketAdapter({
      publisher: client,
      subscriber: await redis.subscriber(),
      onError: (err) => logger.warn({ err: err.message }, 'a subscription was not made, trying again'),
    }),
  };
}
