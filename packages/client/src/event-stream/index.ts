export type { Event, EventOf, EventType } from './event-types.ts';
export {
  type EventInfo,
  type EventStreamOptions,
  type EventSubscription,
  subscribeEvents,
} from './subscribe-events.ts';
