import {
  type ConversationId,
  jsonBytes,
  type Message,
  ok,
  type Result,
  type UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { MessagePage } from '../store/message-store.ts';
import { presentMessages } from './present-messages.ts';

export interface Page {
  messages: Message[];
  more: boolean;
}

/** What a page may weigh: over the bus it must fit what a broker takes, which is 1 MiB as a rule. */
const PAGE_BYTES = 768 * 1024;

/** The newest messages, or the newest with a smaller seq; oldest first. */
export function history(
  context: ChatContext,
  ask: { actor: { id: UserId }; conversationId: ConversationId; before?: number | undefined; limit: number },
): Promise<Result<Page>> {
  return page(context, ask, 'newest', () =>
    context.messages.before(ask.conversationId, ask.before, ask.limit),
  );
}

/** The oldest messages with a greater seq; oldest first. How a client closes its gaps. */
export function sync(
  context: ChatContext,
  ask: { actor: { id: UserId }; conversationId: ConversationId; after: number; limit: number },
): Promise<Result<Page>> {
  return page(context, ask, 'oldest', () => context.messages.after(ask.conversationId, ask.after, ask.limit));
}

async function page(
  context: ChatContext,
  { actor, conversationId }: { actor: { id: UserId }; conversationId: ConversationId },
  kept: 'oldest' | 'newest',
  read: () => Promise<MessagePage>,
): Promise<Result<Page>> {
  const allowed = await context.membership.mayRead(actor.id, conversationId);
  if (!allowed.ok) return allowed;
  const { docs, more } = await read();
  const messages = await presentMessages(context, docs);
  const fitting = withinBytes(messages, kept);
  return ok({ messages: fitting, more: more || fitting.length < messages.length });
}

/** As many as a page can carry from that end, and one in any case. */
function withinBytes(messages: Message[], kept: 'oldest' | 'newest'): Message[] {
  let bytes = 0;
  const inTurn = kept === 'oldest' ? messages : [...messages].reverse();
  const end = inTurn.findIndex((message, index) => {
    bytes += jsonBytes(message);
    return index > 0 && bytes > PAGE_BYTES;
  });
  if (end < 0) return messages;
  return kept === 'oldest' ? messages.slice(0, end) : messages.slice(-end);
}
