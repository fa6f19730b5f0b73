export type { BusLogger } from '@switchboard/ports/engine';
export type { DeadLetter } from './bus/durable.ts';
export { createMemoryBus, type MemoryBus, type MemoryBusOptions } from './bus/memory-bus.ts';
export { createMemoryLiveCalls } from './live-calls.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { createMemoryPresence } from './presence.ts';
export { createMemoryRateLimits } from './rate-limits.ts';
export { createMemoryRoomPresence } from './room-presence.ts';
