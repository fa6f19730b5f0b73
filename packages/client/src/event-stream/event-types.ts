import type { BusEvent } from '@switchboard/protocol';

/** A fact that Switchboard publishes, as `/asyncapi.json` describes it. */
export type Event = BusEvent;
export type EventType = Event['type'];
export type EventOf<T extends EventType> = Extract<Event, { type: T }>;
