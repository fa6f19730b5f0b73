import type { BusEvent, PushContent, PushTarget, UserId } from '@switchboard/protocol';
import type { mongo } from 'mongoose';
import { expiryOf, isShown, type PushQueue, queueOf, rankOf } from '../sending/content-rules.ts';

type Expression = mongo.Document | string;

/** What a put makes of a slot, as one update that decides by what it finds: no other put, claim or record comes in between. */
export interface PutUpdate {
  readonly filter: { readonly _id: string };
  readonly update: mongo.Document[];
  readonly upsert: boolean;
}

export interface PutFacts {
  readonly _id: string;
  readonly subject: string;
  readonly target: PushTarget;
  readonly userId: UserId;
  readonly content: PushContent;
  readonly notBefore: number;
  /** Published when an unsent content about the call is replaced; its `content` is filled in. Absent for conversations. */
  readonly replaced?: BusEvent;
}

/** Somebody is sending what the slot held, or died while doing so. */
export const IN_HAND: Expression = { $ne: [{ $type: '$lease' }, 'missing'] };
const IS_DUE: Expression = { $ne: [{ $type: '$dueAt' }, 'missing'] };
const NOTHING = '$$REMOVE';

export const literal = (value: unknown): Expression => ({ $literal: value });

/** An event of the outbox whose `content` is the type of the content that the slot holds. */
export function eventAboutContent(event: BusEvent): Expression {
  return { $mergeObjects: [literal(event), { content: '$content.type' }] };
}

export function putUpdate(facts: PutFacts, now: number): PutUpdate {
  const { _id, subject, target, userId, content, replaced } = facts;
  const rank = rankOf(content);
  const queue: PushQueue = queueOf(content);
  const dueAt = new Date(facts.notBefore);
  /** What takes something away is worth nothing to a device that has nothing. */
  const wanted: Expression = isShown(content.type) ? literal(true) : { $or: ['$shown', IN_HAND] };
  const unsent: Expression = { $and: [IS_DUE, { $not: [IN_HAND] }] };
  const outbox: Expression = { $ifNull: ['$outbox', literal([])] };
  const slot = {
    _id: '$_id',
    subject: literal(subject),
    deviceId: literal(target.id),
    userId: literal(userId),
    kind: literal(target.kind),
    sessionId: literal(target.sessionId),
    queue: literal(queue),
    content: literal(content),
    rank: literal(rank),
    rev: { $add: [{ $ifNull: ['$rev', 0] }, 1] },
    // What all devices of a kind share; another kind's is known when the device is looked up.
    lane: { $ifNull: ['$lane', target.kind === 'expo' ? literal('expo') : NOTHING] },
    dueAt: {
      $cond: [
        IN_HAND,
        '$dueAt',
        // A device whose last push failed is not tried sooner because there is more to say.
        {
          $cond: [
            wanted,
            { $cond: [{ $gt: ['$attempts', 0] }, { $max: ['$dueAt', dueAt] }, dueAt] },
            NOTHING,
          ],
        },
      ],
    },
    lease: '$lease',
    since: { $cond: [unsent, '$since', dueAt] },
    attempts: { $ifNull: ['$attempts', 0] },
    error: '$error',
    shown: { $ifNull: ['$shown', literal(false)] },
    sentRev: '$sentRev',
    expiresAt: new Date(expiryOf(content, now)),
    changedAt: new Date(now),
    outbox: replaced
      ? { $cond: [unsent, { $concatArrays: [outbox, [eventAboutContent(replaced)]] }, outbox] }
      : outbox,
  };
  const newer: Expression = { $lt: [{ $ifNull: ['$rank', 0] }, rank] };
  return {
    filter: { _id },
    update: [{ $replaceWith: { $cond: [newer, slot, '$$ROOT'] } }],
    // A read of messages that nobody was told of is nothing to keep; a cancelled call keeps a late ring out.
    upsert: content.type !== 'conversation.read',
  };
}
