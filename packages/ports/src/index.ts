export * from './bus.ts';
export * from './clock.ts';
export * from './live-calls.ts';
export * from './presence.ts';
export * from './rate-limits.ts';
export * from './room-presence.ts';
