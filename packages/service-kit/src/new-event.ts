import type { Clock } from '@switchboard/ports';
import { type BusEvent, type EventBody, EventId, type EventOf } from '@switchboard/protocol';
import { uuidv7 } from './uuid-v7.ts';

/** Puts a fact into its envelope: a fresh id, which is also the dedupe id, and the moment. */
export function newEvent<B extends EventBody>(body: B, clock: Clock): EventOf<B['type']> {
  const now = clock.now();
  const envelope = { v: 1, id: EventId.parse(uuidv7(now)), at: new Date(now).toISOString() };
  return { ...body, ...envelope } as BusEvent as EventOf<B['type']>;
}
