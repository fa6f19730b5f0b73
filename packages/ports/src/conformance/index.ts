/** Suites that every engine of a port passes. They need Vitest, and are no part of what runs in production. */
export { type BusHarness, busConformance } from './bus.ts';
export { type LiveCallsHarness, liveCallsConformance, type SampleState } from './live-calls.ts';
export { type PresenceHarness, presenceConformance } from './presence.ts';
export { type RateLimitsHarness, rateLimitsConformance } from './rate-limits.ts';
export { type RoomPresenceHarness, roomPresenceConformance } from './room-presence.ts';
