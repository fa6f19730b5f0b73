import type { Before } from '@switchboard/dialects';
import {
  ConversationId,
  directConversation,
  type Message,
  ok,
  type Result,
  reject,
  type UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { otherMember } from '../membership/membership.ts';
import type { MessageDoc } from '../store/message-model.ts';
import { presentMessages } from './present-messages.ts';

interface Ask {
  readonly actor: { readonly id: UserId };
  /** Only the conversation with this user. */
  readonly with?: UserId | undefined;
  readonly before?: Before | undefined;
  readonly limit: number;
}

/** Where a page begins, exclusive. Messages are in the order of time, then conversation, then seq. */
interface Place {
  readonly at: Date;
  /** Absent: strictly before `at`. */
  readonly doc?: MessageDoc;
}

/** Conversations read at once. */
const READ_AT_ONCE = 10;

/**
 * Direct messages as the older vocabularies page them: by message id or time, with one user or over all conversations. The newest page, oldest first.
 * A message id is the exact cursor; inside one conversation a time is, too, since no two messages there share one.
 */
export async function legacyHistory(context: ChatContext, ask: Ask): Promise<Result<Message[]>> {
  const place = await placeOf(context, ask);
  if (!place.ok) return place;
  const docs =
    ask.with === undefined
      ? await newestOverAll(context, ask, place.value)
      : await newestIn(context, directConversation(ask.actor.id, ask.with), place.value, ask.limit);
  return ok(await presentMessages(context, docs));
}

async function placeOf(
  { messages }: ChatContext,
  { actor, before }: Ask,
): Promise<Result<Place | undefined>> {
  if (!before) return ok(undefined);
  if (before.by === 'time') return ok({ at: new Date(before.at) });
  const doc = await messages.byId(before.messageId);
  const mine = doc && otherMember(actor.id, ConversationId.parse(doc.conversationId)) !== undefined;
  // One answer for what does not exist and what is somebody else's.
  if (!doc || !mine) {
    const complaint = { rule: 'unknown', message: 'is not a message of yours' };
    return reject('INVALID_DATA', 'before is not a message of yours', { fields: { before: [complaint] } });
  }
  return ok({ at: doc.createdAt, doc });
}

async function newestIn(
  { messages }: ChatContext,
  conversationId: string,
  place: Place | undefined,
  limit: number,
): Promise<readonly MessageDoc[]> {
  if (!place) return (await messages.before(conversationId, undefined, limit)).docs;
  const { at, doc } = place;
  if (doc?.conversationId === conversationId)
    return (await messages.before(conversationId, doc.seq, limit)).docs;
  // In another conversation, one of the same moment counts as older exactly when its conversation sorts before the cursor's.
  const sameMomentToo = doc !== undefined && conversationId < doc.conversationId;
  const bound = sameMomentToo ? new Date(at.getTime() + 1) : at;
  const last = await messages.seqBefore(conversationId, bound);
  return last === 0 ? [] : (await messages.before(conversationId, last + 1, limit)).docs;
}

/** Walks the conversations from the liveliest on, until the rest cannot hold anything newer than what was found. */
async function newestOverAll(
  context: ChatContext,
  { actor, limit }: Ask,
  place: Place | undefined,
): Promise<readonly MessageDoc[]> {
  const { conversations } = context;
  await conversations.settled();
  let found: readonly MessageDoc[] = [];
  const seen = new Map<string, number>();
  let upTo: Date | undefined;
  for (;;) {
    // The next chunk begins at the moment where the last one ended, as several conversations may share it.
    const again = [...seen.values()].filter((at) => at === upTo?.getTime()).length;
    const chunk = await conversations.ofMember(actor.id, again + READ_AT_ONCE, upTo);
    const fresh = chunk.filter(({ _id, kind }) => kind === 'direct' && !seen.has(_id));
    const pages = await Promise.all(fresh.map(({ _id }) => newestIn(context, _id, place, limit)));
    found = [...found, ...pages.flat()].sort(byTime).slice(-limit);
    for (const { _id, lastAt } of chunk) seen.set(_id, lastAt.getTime());

    const last = chunk.at(-1)?.lastAt;
    const oldest = found.length === limit ? found[0]?.createdAt : undefined;
    if (!last || chunk.length < again + READ_AT_ONCE || (oldest && last < oldest)) return found;
    upTo = last;
  }
}

function byTime(a: MessageDoc, b: MessageDoc): number {
  const apart = a.createdAt.getTime() - b.createdAt.getTime();
  if (apart !== 0) return apart;
  if (a.conversationId !== b.conversationId) return a.conversationId < b.conversationId ? -1 : 1;
  return a.seq - b.seq;
}
