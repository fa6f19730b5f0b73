import { type BusEvent, type CallEvent, type EventType, unavailable } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { createChatDelivery } from './chat-events.ts';
import { createDeliveredBatch } from './delivered-batch.ts';

const TYPES = [
  'chat.message.created',
  'chat.message.read',
  'chat.message.delivered',
  'chat.room.updated',
  'chat.room.deleted',
  'call.ringing',
  'call.answered',
  'call.declined',
  'call.resumed',
  'call.interrupted',
  'call.moved',
  'call.ended',
] as const satisfies readonly EventType[];

/**
 * Fan-out happens once: the nodes share one durable consumer, and whichever gets an event tells every socket through the router. The next event of the same
 * conversation or call, which may be another node's to tell, has to wait until this one is out: or sockets would hear them in another order.
 */
export async function startDelivery(
  context: SignalingContext,
  deliverCallEvent: (event: CallEvent, context: SignalingContext) => Promise<void>,
): Promise<AsyncDisposable> {
  const batch = createDeliveredBatch(context.bus, context.clock, context.logger);
  const deliverChatEvent = createChatDelivery(context, batch);

  const handle = async (event: BusEvent): Promise<void> => {
    // After a cut, presence knows nobody until the nodes have said who is with them: what is told then is told to no one.
    if (context.time?.() === 'waits') throw unavailable('This node');
    switch (event.type) {
      case 'chat.message.created':
      case 'chat.message.read':
      case 'chat.message.delivered':
      case 'chat.room.updated':
      case 'chat.room.deleted':
        return deliverChatEvent(event);
      case 'call.ringing':
      case 'call.answered':
      case 'call.declined':
      case 'call.resumed':
      case 'call.interrupted':
      case 'call.moved':
      case 'call.ended':
        return deliverCallEvent(event, context);
      default:
        return undefined;
    }
  };

  const consumer = await context.bus.consume(
    { durable: 'signaling-delivery', types: TYPES },
    async (event) => {
      await handle(event);
      await context.router.sent();
    },
  );
  return {
    async [Symbol.asyncDispose]() {
      await consumer[Symbol.asyncDispose]();
      await batch[Symbol.asyncDispose]();
    },
  };
}
