import { partitionOf } from '@switchboard/ports/engine';
import { type BusEvent, type EventType, orderingKey } from '@switchboard/protocol';

/** The durable streams, by the first word of the events in them. */
export type StreamName = 'AUTH' | 'CHAT' | 'CALLS';

const STREAM_OF_FAMILY: Readonly<Record<string, StreamName>> = { auth: 'AUTH', chat: 'CHAT', call: 'CALLS' };
/** How many words the types of a family have: a partition's filter needs a `*` for each but the first. */
const FILTERS: Readonly<Record<StreamName, string>> = { AUTH: 'auth.*.*', CHAT: 'chat.*.*', CALLS: 'call.*' };

/**
 * Events with one ordering key share a partition, and a partition has one event in hand at a time, wherever: that is how their order outlives any number of
 * instances. The number is part of the subjects, hence of every consumer: to change it, drain the streams first.
 */
export const PARTITIONS = 8;

export const STREAM_SUBJECTS: Readonly<Record<StreamName, string>> = {
  AUTH: 'auth.>',
  CHAT: 'chat.>',
  CALLS: 'call.>',
};

export function streamOf(type: EventType): StreamName {
  const stream = STREAM_OF_FAMILY[type.split('.', 1)[0] ?? ''];
  if (!stream) throw new RangeError(`${type} belongs to no stream`);
  return stream;
}

/** `<type>.p<partition>`, e.g. `chat.message.created.p3`; others subscribe to `chat.message.created.*`. */
export function subjectOf(event: BusEvent): string {
  return `${event.type}.p${partitionOf(orderingKey(event), PARTITIONS)}`;
}

/** Everything of a stream in one partition. */
export function partitionFilter(stream: StreamName, partition: number): string {
  return `${FILTERS[stream]}.p${partition}`;
}

export const DEAD_STREAM = 'DEAD';
export const DEAD_SUBJECTS = 'dead.>';

/** `type` undefined: not an event that we know. */
export function deadSubject(durable: string, type: EventType | undefined): string {
  return `dead.${durable}.${type ?? 'unknown'}`;
}
