import type { BusEvent } from '@switchboard/protocol';
import { collect, type Owner } from '@switchboard/service-kit';
import { startFanOutWorker } from './fan-out-worker.ts';
import { planMessage } from './plan-message.ts';
import { planRead } from './plan-read.ts';
import type { MessageParts } from './planning-parts.ts';

/** Turns what happens in conversations into pushes to be sent. */
export function planMessages(parts: Omit<MessageParts, 'wakeWorker'>): Promise<Owner> {
  return collect(async (owner) => {
    const worker = owner.own(startFanOutWorker(parts));
    const all: MessageParts = { ...parts, wakeWorker: () => worker.wake() };
    const handle = async (event: BusEvent): Promise<void> => {
      switch (event.type) {
        case 'chat.message.created':
          return planMessage(all, event);
        case 'chat.message.read':
          return planRead(all, event);
        default:
          return undefined;
      }
    };
    owner.own(
      await parts.bus.consume(
        {
          durable: 'notification-messages',
          types: ['chat.message.created', 'chat.message.read'],
          maxDeliver: 20,
        },
        handle,
      ),
    );
  });
}
