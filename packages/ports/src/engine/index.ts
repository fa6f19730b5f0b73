/** What engines of the bus have in common. */
export { answerRequest, checkedPayload, wired } from './answering.ts';
export type { BusLogger } from './bus-logger.ts';
export { createInHand, type InHand } from './in-hand.ts';
export { partitionOf } from './partition-of.ts';
