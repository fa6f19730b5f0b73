export type { Stats } from './engine/counters.ts';
export type { Log } from './engine/engine.ts';
export { type EmbeddedMongo, type EmbeddedMongoOptions, startEmbeddedMongo } from './start.ts';
export { DataDirLockedError } from './store/data-dir-locked-error.ts';
