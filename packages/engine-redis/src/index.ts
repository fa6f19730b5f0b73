export { connectRedis, type RedisClient, type RedisHandle, type RedisSettings } from './connect.ts';
export { createRedisLiveCalls } from './live-calls.ts';
export { createRedisPresence } from './presence.ts';
export { createRedisRateLimits } from './rate-limits.ts';
export { createRedisRoomPresence } from './room-presence.ts';
export { createRedisSocketAdapter, type SendingAdapter, type SocketAdapterParts } from './socket-adapter.ts';
