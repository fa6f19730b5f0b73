import { isWellFormed } from '@switchboard/domain';
import {
  type ConversationId,
  type Message,
  ok,
  type Result,
  type RoomId,
  reject,
  roomConversation,
  type UserId,
} from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { presentMessages } from '../messages/present-messages.ts';
import type { MessageDoc } from '../store/message-model.ts';
import type { SeqRange } from '../store/message-store.ts';
import { roomNotFound } from './refusals.ts';

export interface RoomMessagesAsk {
  readonly actor: { readonly id: UserId };
  readonly roomId: RoomId;
  /** Somewhere in the text, whatever the case; blank for any. */
  readonly search?: string | undefined;
  /** Both ends included. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** Both exclusive: where the page before or after this one ended. */
  readonly beforeSeq?: number | undefined;
  readonly afterSeq?: number | undefined;
  /** At most `MESSAGES_LISTED`. */
  readonly limit: number;
  /** Which end of the range the page is taken from; a page itself is oldest first. */
  readonly order: 'newest' | 'oldest';
  readonly withTotal?: boolean | undefined;
}

export interface RoomMessages {
  readonly messages: Message[];
  /**
   * There may be others further on. A search that has looked at `MESSAGES_SEARCHED` ends its page there, perhaps an empty one.
   */
  readonly more: boolean;
  /**
   * Present when there are: the `afterSeq` of the following page, or the `beforeSeq` of the one before when the order is newest. Followed to the end, every message comes
   * once, however many are sent meanwhile.
   */
  readonly next?: number;
  /** With `withTotal`: how many match on all pages; absent when too many would have to be searched for it. */
  readonly total?: number;
}

/** The length of a list without pages. */
export const MESSAGES_LISTED = 1_000;
/** Messages that one request may search, so that no conversation is too long to be asked about. */
export const MESSAGES_SEARCHED = 10_000;
/** Messages searched in one query: the database turns to others in between. */
const STRIDE = 1_000;
const MAX_SEARCH = 200;

/** Messages of an active room, which every user may read. Refuses with ROOM_NOT_FOUND, or INVALID_DATA for a search that cannot be one. */
export async function roomMessages(
  context: ChatContext,
  ask: RoomMessagesAsk,
): Promise<Result<RoomMessages>> {
  const text = (ask.search ?? '').trim();
  if (text.length > MAX_SEARCH) return badSearch('too_big', `must not exceed ${MAX_SEARCH} characters`);
  if (!isWellFormed(text)) return badSearch('ill_formed', 'must be well-formed Unicode');
  if (!(await context.rooms.isActive(Number(ask.roomId)))) return roomNotFound();

  const conversationId = roomConversation(ask.roomId);
  const window = await windowOf(context, conversationId, ask);
  const limit = Math.min(ask.limit, MESSAGES_LISTED);
  const range = {
    after: Math.max(window.after, ask.afterSeq ?? 0),
    upTo: Math.min(window.upTo, (ask.beforeSeq ?? Number.POSITIVE_INFINITY) - 1),
  };
  const look = async () => {
    const total = ask.withTotal ? await count(context, conversationId, window, text) : undefined;
    return { total, ...(await take(context, conversationId, range, text, ask.order, limit)) };
  };
  // One search of a user at a time: they are the dearest thing a reader can ask for.
  const { docs, next, total } = await (text === '' ? look() : context.searching.run(ask.actor.id, look));
  return ok({
    messages: await presentMessages(context, ask.order === 'newest' ? docs.toReversed() : docs),
    more: next !== undefined,
    ...(next === undefined ? {} : { next }),
    ...(total === undefined ? {} : { total }),
  });
}

/** The messages of the time asked for. Seqs have no holes, so a window is as long as its ends are apart. */
async function windowOf(
  { messages }: Pick<ChatContext, 'messages'>,
  conversationId: ConversationId,
  { since, until }: RoomMessagesAsk,
): Promise<SeqRange> {
  const [after, upTo] = await Promise.all([
    since ? messages.seqBefore(conversationId, since) : 0,
    until
      ? messages.seqBefore(conversationId, new Date(until.getTime() + 1))
      : messages.tail(conversationId).then(({ seq }) => seq),
  ]);
  return { after, upTo };
}

interface Taken {
  /** In the order in which they were taken. */
  readonly docs: readonly MessageDoc[];
  readonly next?: number;
}

async function take(
  { messages }: Pick<ChatContext, 'messages'>,
  conversationId: ConversationId,
  range: SeqRange,
  text: string,
  order: 'newest' | 'oldest',
  limit: number,
): Promise<Taken> {
  const found: MessageDoc[] = [];
  let left = range;
  for (const stride of stridesOf(range, order, text === '' ? Number.POSITIVE_INFINITY : STRIDE)) {
    // One more than asked for tells whether there is a next page.
    found.push(...(await messages.within(conversationId, stride, text, order, limit + 1 - found.length)));
    if (found.length > limit) {
      const docs = found.slice(0, limit);
      return { docs, next: docs.at(-1)?.seq ?? 0 };
    }
    left = order === 'oldest' ? { ...left, after: stride.upTo } : { ...left, upTo: stride.after };
  }
  if (left.after >= left.upTo) return { docs: found };
  return { docs: found, next: order === 'oldest' ? left.after : left.upTo + 1 };
}

/** Undefined when it would take a search of more than one request may look at. */
async function count(
  { messages }: Pick<ChatContext, 'messages'>,
  conversationId: ConversationId,
  window: SeqRange,
  text: string,
): Promise<number | undefined> {
  const length = Math.max(0, window.upTo - window.after);
  if (text === '') return length;
  if (length > MESSAGES_SEARCHED) return undefined;
  let total = 0;
  for (const stride of stridesOf(window, 'oldest', STRIDE)) {
    total += await messages.countWithin(conversationId, stride, text);
  }
  return total;
}

/** The range in pieces from one end, as far as one request may look. */
function stridesOf({ after, upTo }: SeqRange, order: 'newest' | 'oldest', stride: number): SeqRange[] {
  if (upTo <= after) return [];
  if (stride >= upTo - after) return [{ after, upTo }];
  const strides: SeqRange[] = [];
  const end = Math.min(upTo - after, MESSAGES_SEARCHED);
  for (let at = 0; at < end; at += stride) {
    const size = Math.min(stride, end - at);
    strides.push(
      order === 'oldest'
        ? { after: after + at, upTo: after + at + size }
        : { after: upTo - at - size, upTo: upTo - at },
    );
  }
  return strides;
}

function badSearch(rule: string, message: string) {
  return reject('INVALID_DATA', `search ${message}`, { fields: { search: [{ rule, message }] } });
}
