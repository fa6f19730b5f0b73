import { randomUUID } from 'node:crypto';
import { createMemoryBus } from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import { type BusEvent, ConversationId, EventId, MessageId, UserId } from '@switchboard/protocol';
import { createLogger, systemClock } from '@switchboard/service-kit';
import { expect, it } from 'vitest';
import type { SignalingContext } from '../context.ts';
import { startDelivery } from './consumer.ts';

const [alice, bob] = [UserId.parse('1'), UserId.parse('2')];

function created(): BusEvent {
  const id = randomUUID();
  const at = new Date().toISOString();
  return {
    v: 1,
    id: EventId.parse(id),
    at,
    type: 'chat.message.created',
    message: {
      id: MessageId.parse(id),
      conversationId: ConversationId.parse('d:1:2'),
      seq: 1,
      sender: { id: alice, username: 'alice', name: 'Alice' },
      receiverId: bob,
      content: 'hello',
      contentType: 'text',
      createdAt: at,
      readBy: [],
    },
  };
}

it('tells nobody anything while it cannot know who is there, and leaves the event for later', async () => {
  const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
  const bus = createMemoryBus({ clock: systemClock, logger });
  let time: 'acts' | 'waits' = 'waits';
  let handle: ((event: BusEvent) => Promise<void>) | undefined;
  const told: UserId[] = [];
  const consume: Bus['consume'] = async (_, handler) => {
    handle = handler;
    return { async [Symbol.asyncDispose]() {} };
  };
  const context = {
    bus: { ...bus, consume },
    clock: systemClock,
    logger,
    time: () => time,
    router: {
      async sent() {},
      async toUser(userId: UserId) {
        told.push(userId);
        return 0;
      },
    },
  } as unknown as SignalingContext;
  await using _delivery = await startDelivery(context, async () => {});
  const event = created();
  await expect(handle?.(event)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
  expect(told).toEqual([]);
  time = 'acts';
  await handle?.(event);
  expect(told).toEqual([bob, alice]);
  await bus.close();
});
