import { webhookHears } from '@switchboard/dialects';
import { BusEvent, type EventType } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import type { Courier } from './courier.ts';
import { eventPayload } from './payload.ts';
import type { WebhooksContext } from './webhooks-context.ts';

const TYPES: readonly EventType[] = BusEvent.options.map(({ shape }) => shape.type.value);

/** The durable consumer `notification-webhooks`: notes what is to be sent where, and leaves the sending to the courier. */
export function followEvents(
  { bus, clock, list, deliveries }: WebhooksContext,
  courier: Courier,
): Promise<AsyncDisposable> {
  const note = async (event: BusEvent): Promise<void> => {
    const hearing = (await list.enabled()).filter(({ events }) => webhookHears(events, event.type));
    if (hearing.length === 0) return;
    const bodies = new Map<boolean, string>();
    const bodyFor = (messageText: boolean): string => {
      const body = bodies.get(messageText) ?? eventPayload(event, { messageText });
      bodies.set(messageText, body);
      return body;
    };
    await deliveries.add(
      hearing.map(({ _id, messageText }) => ({
        webhookId: _id,
        eventId: event.id,
        type: event.type,
        body: bodyFor(messageText),
      })),
      clock.now(),
    );
    courier.nudge();
  };
  return bus.consume({ durable: 'notification-webhooks', types: TYPES }, async (event) => {
    try {
      await note(event);
    } catch (error) {
      // While the database is away the event waits, and is not given up.
      throw mongoFault(error);
    }
  });
}
