import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import type { Logger, Outbox, UserDirectory } from '@switchboard/service-kit';
import type { ChatMetrics } from './chat-metrics.ts';
import type { ChatSettings } from './config.ts';
import type { Membership } from './membership/membership.ts';
import type { DeliveredEvents } from './publishing/delivered-events.ts';
import type { Turns } from './receipts/turns.ts';
import type { Repeats } from './sending/repeats.ts';
import type { ConversationStore } from './store/conversation-store.ts';
import type { MessageStore } from './store/message-store.ts';
import type { RoomPositionStore } from './store/room-position-store.ts';
import type { RoomStore } from './store/room-store.ts';

/** What the application functions work with; one per running service. */
export interface ChatContext {
  readonly config: ChatSettings;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ChatMetrics;
  readonly rates: RateLimits;
  readonly directory: UserDirectory;
  readonly membership: Membership;
  readonly messages: MessageStore;
  readonly conversations: ConversationStore;
  readonly rooms: RoomStore;
  readonly positions: RoomPositionStore;
  readonly sending: Repeats;
  readonly reading: Turns;
  readonly searching: Turns;
  readonly readEvents: Outbox;
  readonly positionEvents: Outbox;
  readonly roomEvents: Outbox;
  readonly deliveredEvents: DeliveredEvents;
}
