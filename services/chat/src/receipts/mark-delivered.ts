import { ok, type RequestPayload, type Result } from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { groupBy } from '../group-by.ts';
import type { Delivered } from '../publishing/delivered-events.ts';

/**
 * Notes that devices of receivers were sent these messages. Only the first time counts; each author hears of it once. Unknown ids, rooms'
 * messages and notes to oneself are passed over.
 */
export async function markDelivered(
  { messages, deliveredEvents, clock }: ChatContext,
  { deliveries }: RequestPayload<'chat.delivered'>,
): Promise<Result<Record<string, never>>> {
  const named = new Map(
    deliveries.map(({ messageId, conversationId }) => [messageId as string, conversationId]),
  );
  const docs = (await messages.byIds([...named.keys()])).filter(
    (doc) =>
      doc.conversationId === named.get(doc._id) &&
      doc.deliveredAt === undefined &&
      doc.receiverId !== undefined &&
      doc.receiverId !== doc.sender.id,
  );
  const at = new Date(clock.now());
  const groups = [...groupBy(docs, (doc) => `${doc.conversationId} ${doc.sender.id}`).values()].map(
    (group): Delivered => ({
      eventId: uuidv7(at.getTime()),
      at,
      conversationId: group[0]?.conversationId ?? '',
      authorId: group[0]?.sender.id ?? '',
      messageIds: group.map((doc) => doc._id),
    }),
  );
  for (const marked of await messages.markDelivered(groups)) deliveredEvents.marked(marked);
  return ok({});
}
