import { assertContent, isWellFormed } from '@switchboard/domain';
import {
  type Message,
  ok,
  type RequestPayload,
  type RequestReply,
  type Result,
  reject,
  type UserId,
} from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import type { Stored } from '../sending/draft.ts';
import { messageAsStored } from './message-view.ts';
import { presentMessages } from './present-messages.ts';

type Sent = RequestReply<'chat.send'>;
type Batch = RequestPayload<'chat.send.batch'>;
type Outgoing = Batch['messages'][number];

/**
 * Stores what one device sends to one conversation: validate → limit → authorize → persist → ack; publishing follows by itself. What is stored has the order of
 * `messages`, and each is settled by itself, so that one refused costs the others nothing but its place. A repeat of a clientMessageId, also within `messages`,
 * is answered with the message stored first, whatever its text says, and does not count against the limit where this node remembers it; it is refused with CONFLICT when the
 * message stored first is in another conversation: nothing is stored in this one, so it is not an ack. Rejected means unknown, if the reason is retryable.
 */
export async function sendMessages(
  context: ChatContext,
  { actor, to, origin, messages }: Batch,
): Promise<PromiseSettledResult<Result<Sent>>[]> {
  const since = context.clock.now();
  const allowed = limitOf(context, actor.id);
  const admitted = await Promise.all(messages.map((message) => admit(message, allowed)));
  // Asked for once, and only if there is something to store. All wait for the one promise, so they go on in their order.
  const destination = admitted.some(({ ok: fine }) => fine)
    ? context.membership.destination(actor.id, to)
    : undefined;

  const store = async (
    { contentType, clientMessageId }: Outgoing,
    text: Result<string>,
  ): Promise<Result<Stored>> => {
    if (!text.ok) return text;
    const place = await destination;
    if (!place?.ok) return place ?? reject('INTERNAL', 'Internal error');
    const draft = {
      _id: uuidv7(context.clock.now()),
      ...place.value,
      sender: { id: actor.id, username: actor.username, name: actor.name },
      content: text.value,
      contentType,
      ...(clientMessageId === undefined ? {} : { clientMessageId }),
      ...(origin === undefined ? {} : { origin }),
    };
    const stored = await context.sending.once(draft, since);
    if (stored.doc.conversationId !== place.value.conversationId) {
      return reject('CONFLICT', 'This clientMessageId was used in another conversation');
    }
    return ok(stored);
  };

  const stored = await Promise.allSettled(
    messages.map((message, index) => store(message, admitted[index] ?? reject('INTERNAL', 'Internal error'))),
  );
  const repeated = presentRepeats(context, stored);
  return Promise.allSettled(
    stored.map(async (outcome): Promise<Result<Sent>> => {
      if (outcome.status === 'rejected') throw outcome.reason;
      if (!outcome.value.ok) return outcome.value;
      const { doc, duplicate } = outcome.value.value;
      const message = duplicate ? (await repeated).get(doc._id) : undefined;
      return ok({ message: message ?? messageAsStored(doc), duplicate });
    }),
  );
}

type Limit = (clientMessageId: string | undefined) => Promise<Result<undefined>>;

async function admit({ content, clientMessageId }: Outgoing, allowed: Limit): Promise<Result<string>> {
  const text = assertContent(content);
  if (!text.ok) return text;
  // Stored otherwise than it was sent, it would not be found again, or be taken for another one.
  if (clientMessageId !== undefined && !isWellFormed(clientMessageId)) {
    const message = 'must be well-formed Unicode';
    return reject('INVALID_DATA', `clientMessageId ${message}`, {
      fields: { clientMessageId: [{ rule: 'ill_formed', message }] },
    });
  }
  const verdict = await allowed(clientMessageId);
  return verdict.ok ? text : verdict;
}

/** Counts each message of the user once: what repeats another one shares its fate. */
function limitOf({ config, rates, logger, sending }: ChatContext, userId: UserId): Limit {
  const rule = config.RATE_LIMIT_MESSAGES;
  const judged = new Map<string, Promise<Result<undefined>>>();

  const take = async (): Promise<Result<undefined>> => {
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
  };

  return (clientMessageId) => {
    if (clientMessageId === undefined) return take();
    const verdict =
      judged.get(clientMessageId) ??
      (sending.knows(userId, clientMessageId) ? Promise.resolve(ok(undefined)) : take());
    judged.set(clientMessageId, verdict);
    return verdict;
  };
}

/** The repeated ones as they are now, by id. */
async function presentRepeats(
  context: ChatContext,
  stored: readonly PromiseSettledResult<Result<Stored>>[],
): Promise<ReadonlyMap<string, Message>> {
  const docs = stored.flatMap((outcome) => {
    if (outcome.status === 'rejected' || !outcome.value.ok) return [];
    const { doc, duplicate } = outcome.value.value;
    return duplicate ? [doc] : [];
  });
  for (const _ of docs) context.metrics.repeated();
  const shown = await presentMessages(context, [...new Map(docs.map((doc) => [doc._id, doc])).values()]);
  return new Map(shown.map((message) => [message.id, message]));
}
