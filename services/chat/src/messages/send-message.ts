import { assertContent, isWellFormed } from '@switchboard/domain';
import {
  ok,
  type RequestPayload,
  type RequestReply,
  type Result,
  reject,
  type UserId,
} from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { messageAsStored } from './message-view.ts';
import { presentMessages } from './present-messages.ts';

/**
 * Stores a message: validate → limit → authorize → persist → ack; publishing follows by itself. A repeat of a clientMessageId is answered with the message
 * stored first, whatever its text says, and does not count against the limit where this node remembers it. Refuses with CONFLICT when the message stored
 * first is in another conversation: nothing is stored in this one, so it is not an ack.
 */
export async function sendMessage(
  context: ChatContext,
  { actor, to, content, contentType, clientMessageId, origin }: RequestPayload<'chat.send'>,
): Promise<Result<RequestReply<'chat.send'>>> {
  const text = assertContent(content);
  if (!text.ok) return text;
  // Stored otherwise than it was sent, it would not be found again, or be taken for another one.
  if (clientMessageId !== undefined && !isWellFormed(clientMessageId)) {
    const message = 'must be well-formed Unicode';
    return reject('INVALID_DATA', `clientMessageId ${message}`, {
      fields: { clientMessageId: [{ rule: 'ill_formed', message }] },
    });
  }
  if (!context.sending.knows(actor.id, clientMessageId)) {
    const allowed = await withinLimit(context, actor.id);
    if (!allowed.ok) return allowed;
  }
  const destination = await context.membership.destination(actor.id, to);
  if (!destination.ok) return destination;

  const { doc, duplicate } = await context.sending.once({
    _id: uuidv7(context.clock.now()),
    ...destination.value,
    sender: { id: actor.id, username: actor.username, name: actor.name },
    content: text.value,
    contentType,
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
    ...(origin === undefined ? {} : { origin }),
  });
  if (!duplicate) return ok({ message: messageAsStored(doc), duplicate });
  if (doc.conversationId !== destination.value.conversationId) {
    return reject('CONFLICT', 'This clientMessageId was used in another conversation');
  }
  context.metrics.repeated();
  const [message = messageAsStored(doc)] = await presentMessages(context, [doc]);
  return ok({ message, duplicate });
}

async function withinLimit(
  { config, rates, logger }: ChatContext,
  userId: UserId,
): Promise<Result<undefined>> {
  const rule = config.RATE_LIMIT_MESSAGES;
  if (rule === 'off') return ok(undefined);
  try {
    const { allowed, retryAfterMs } = await rates.take(`messages:${userId}`, rule);
    return allowed
      ? ok(undefined)
      : reject('RATE_LIMITED', 'Too many messages', { retryable: true, retryAfterMs });
  } catch (err) {
    // Who is signed in may still talk: the limit guards against floods, and the queue is bounded without it.
    logger.warn({ userId, err }, 'message limit not checked');
    return ok(undefined);
  }
}
