import { type ConversationId, type Message, ok, type Result, type UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import type { MessagePage } from '../store/message-store.ts';
import { presentMessages } from './present-messages.ts';

export interface Page {
  messages: Message[];
  more: boolean;
}

/** The newest messages, or the newest with a smaller seq; oldest first. */
export function history(
  context: ChatContext,
  ask: { actor: { id: UserId }; conversationId: ConversationId; before?: number | undefined; limit: number },
): Promise<Result<Page>> {
  return page(context, ask, () => context.messages.before(ask.conversationId, ask.before, ask.limit));
}

/** The oldest messages with a greater seq; oldest first. How a client closes its gaps. */
export function sync(
  context: ChatContext,
  ask: { actor: { id: UserId }; conversationId: ConversationId; after: number; limit: number },
): Promise<Result<Page>> {
  return page(context, ask, () => context.messages.after(ask.conversationId, ask.after, ask.limit));
}

async function page(
  context: ChatContext,
  { actor, conversationId }: { actor: { id: UserId }; conversationId: ConversationId },
  read: () => Promise<MessagePage>,
): Promise<Result<Page>> {
  const allowed = await context.membership.mayRead(actor.id, conversationId);
  if (!allowed.ok) return allowed;
  const { docs, more } = await read();
  return ok({ messages: await presentMessages(context, docs), more });
}
