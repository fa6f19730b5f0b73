import type { BusEvent, PushContent, PushKind } from '@switchboard/protocol';
import type { mongo } from 'mongoose';
import { isShown } from '../sending/content-rules.ts';
import { eventAboutContent, literal } from './put-update.ts';

/** How the sending of one rev ended. */
export type Ending =
  /** `shown` unknown: its service did not say whether it took it. */
  | { readonly step: 'retry'; readonly at: number; readonly detail: string; readonly uncertain: boolean }
  | { readonly step: 'sent' }
  | { readonly step: 'failed' | 'dropped'; readonly detail: string }
  /** Not tried: somebody else's slowness was in the way. */
  | { readonly step: 'parked'; readonly at: number };

export interface EndingFacts {
  readonly _id: string;
  readonly lease: string;
  readonly rev: number;
  readonly kind: PushKind;
  readonly content: PushContent['type'];
  /** Where it is sent to, when that is known by now. */
  readonly lane?: string;
  readonly ending: Ending;
  readonly events: readonly BusEvent[];
  /** Published when what came meanwhile is not worth sending any more; its `content` is filled in. */
  readonly moot?: BusEvent;
}

const NOTHING = '$$REMOVE';

/** Gives a slot out of hand. What was put meanwhile is due at once, or with the next try. */
export function recordUpdate(
  facts: EndingFacts,
  now: number,
): { filter: mongo.Document; update: mongo.Document[] } {
  const { _id, lease, rev, content, lane, ending, events, moot } = facts;
  const taken = ending.step === 'sent';
  const perhaps = ending.step === 'retry' && ending.uncertain && isShown(content);
  const shown = taken ? literal(isShown(content)) : perhaps ? literal(true) : '$shown';
  const again = new Date('at' in ending ? ending.at : now);
  const superseded = { $gt: ['$rev', rev] };
  const isMoot = {
    $and: [
      superseded,
      { $in: ['$content.type', ['call.cancelled', 'conversation.read']] },
      { $not: [shown] },
    ],
  };
  const unfinished = ending.step === 'retry' || ending.step === 'parked';
  const outbox = { $concatArrays: ['$outbox', literal(events)] };
  return {
    filter: { _id, lease },
    update: [
      {
        $set: {
          dueAt: {
            $cond: [isMoot, NOTHING, unfinished ? again : { $cond: [superseded, again, NOTHING] }],
          },
          lease: NOTHING,
          lane: lane === undefined ? '$lane' : literal(lane),
          shown,
          since: unfinished ? '$since' : { $cond: [superseded, '$changedAt', '$since'] },
          attempts:
            ending.step === 'parked' ? '$attempts' : ending.step === 'retry' ? { $add: ['$attempts', 1] } : 0,
          error:
            ending.step === 'retry' ? literal(ending.detail) : ending.step === 'parked' ? '$error' : NOTHING,
          sentRev: taken ? rev : '$sentRev',
          outbox: moot
            ? { $cond: [isMoot, { $concatArrays: [outbox, [eventAboutContent(moot)]] }, outbox] }
            : outbox,
        },
      },
    ],
  };
}
