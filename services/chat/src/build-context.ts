import type { Bus, Clock, RateLimits } from '@switchboard/ports';
import {
  createOutbox,
  createUserDirectory,
  type Logger,
  type Metrics,
  type MongoHandle,
  type UserDirectory,
} from '@switchboard/service-kit';
import { createChatMetrics } from './chat-metrics.ts';
import type { ChatSettings } from './config.ts';
import type { ChatContext } from './context.ts';
import { createDirectKind } from './membership/direct.ts';
import { createMembership } from './membership/membership.ts';
import { createRoomKind } from './membership/room.ts';
import { createCreatedEvents } from './publishing/created-events.ts';
import { createDeliveredEvents } from './publishing/delivered-events.ts';
import { startSweeps } from './publishing/sweeps.ts';
import { Turns } from './receipts/turns.ts';
import { createGroupCommit } from './sending/group-commit.ts';
import { createRepeats } from './sending/repeats.ts';
import { conversationModel } from './store/conversation-model.ts';
import { createConversationStore } from './store/conversation-store.ts';
import { messageModel } from './store/message-model.ts';
import { createMessageStore } from './store/message-store.ts';
import { roomModel } from './store/room-model.ts';
import { roomPositionModel } from './store/room-position-model.ts';
import { createRoomPositionStore } from './store/room-position-store.ts';
import { createRoomStore } from './store/room-store.ts';

/** What a host provides. None of it is closed with the service. */
export interface ChatDeps {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoHandle;
  readonly rates: RateLimits;
  /** Shared with other services of the process; made here when absent. */
  readonly directory?: UserDirectory;
}

/** Conversations whose newest seq is remembered, and acknowledged clientMessageIds: some tens of megabytes at most. */
const MAX_TAILS = 50_000;
const MAX_ACKNOWLEDGED = 50_000;
/** Below the bus's five seconds: the sender hears our refusal rather than its own clock. */
const GIVE_UP_MS = 4_000;
/** Time that publishes in hand get on the way down. */
const SETTLE_MS = 3_000;

export interface BuiltContext {
  readonly context: ChatContext;
  /** What is in hand stored, what is stored published. */
  readonly close: () => Promise<void>;
}

/** Everything behind the service's requests and routes. */
export async function buildContext(config: ChatSettings, deps: ChatDeps): Promise<BuiltContext> {
  const { bus, clock, logger, mongo, rates } = deps;
  const messageDocs = messageModel(mongo.connection);
  const conversationDocs = conversationModel(mongo.connection);
  const roomDocs = roomModel(mongo.connection);
  const positionDocs = roomPositionModel(mongo.connection);
  await mongo.ensureIndexes([messageDocs, conversationDocs, roomDocs, positionDocs]);

  const metrics = createChatMetrics(deps.metrics);
  const graceMs = config.CHAT_OUTBOX_GRACE;
  const ownDirectory = deps.directory ? undefined : createUserDirectory({ bus, clock });
  const directory = deps.directory ?? (ownDirectory as UserDirectory);
  const messages = createMessageStore(messageDocs, {
    insertTimeoutMs: GIVE_UP_MS,
    onInsert: (size) => metrics.batch(size),
  });
  const conversations = createConversationStore(conversationDocs);
  const positions = createRoomPositionStore(positionDocs);
  const createdEvents = createCreatedEvents({
    model: messageDocs,
    conversations,
    positions,
    bus,
    clock,
    logger,
    graceMs,
  });
  const deliveredEvents = createDeliveredEvents({ model: messageDocs, bus, clock, logger, graceMs });
  const outboxOptions = { bus, clock, logger, graceMs, sweepMs: config.CHAT_OUTBOX_SWEEP };
  const rooms = createRoomStore(roomDocs);
  const readEvents = createOutbox({ model: conversationDocs, ...outboxOptions });
  const positionEvents = createOutbox({ model: positionDocs, ...outboxOptions });
  const roomEvents = createOutbox({ model: roomDocs, ...outboxOptions });
  const commits = createGroupCommit({
    log: messages,
    clock,
    maxBatch: config.CHAT_BATCH_MAX,
    maxQueue: config.CHAT_QUEUE_MAX,
    maxTails: MAX_TAILS,
    giveUpMs: GIVE_UP_MS,
    onCommitted(docs) {
      metrics.stored(docs.length);
      metrics.queue(commits.queued);
      createdEvents.committed(docs);
    },
  });
  const sweeps = startSweeps([createdEvents, deliveredEvents], {
    clock,
    logger,
    metrics,
    ms: config.CHAT_OUTBOX_SWEEP,
  });
  const context: ChatContext = {
    config,
    bus,
    clock,
    logger,
    metrics,
    rates,
    directory,
    messages,
    conversations,
    rooms,
    positions,
    reading: new Turns(),
    searching: new Turns(),
    readEvents,
    positionEvents,
    roomEvents,
    deliveredEvents,
    membership: createMembership({ direct: createDirectKind(directory), room: createRoomKind(rooms) }),
    sending: createRepeats((draft, since) => commits.submit(draft, since), messages, MAX_ACKNOWLEDGED),
  };

  return {
    context,
    async close() {
      await commits.close();
      await sweeps[Symbol.asyncDispose]();
      await Promise.all([
        createdEvents.settled(SETTLE_MS),
        deliveredEvents.settled(SETTLE_MS),
        readEvents[Symbol.asyncDispose](),
        positionEvents[Symbol.asyncDispose](),
        roomEvents[Symbol.asyncDispose](),
      ]);
      await ownDirectory?.[Symbol.asyncDispose]();
    },
  };
}
