import { webhookHears } from '@switchboard/dialects';
import { BusEvent } from '@switchboard/protocol';
import type { EventFollower } from '@switchboard/service-kit';
import type { Courier } from './courier.ts';
import { eventPayload } from './payload.ts';
import type { WebhooksContext } from './webhooks-context.ts';

/** Notes what of any event is to be sent where, each event once for each webhook, and leaves the sending to the courier. */
export function webhookFollower(
  { clock, list, deliveries }: Pick<WebhooksContext, 'clock' | 'list' | 'deliveries'>,
  courier: Pick<Courier, 'nudge'>,
): EventFollower {
  return {
    types: BusEvent.options.map(({ shape }) => shape.type.value),
    async handle(event) {
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
    },
  };
}
