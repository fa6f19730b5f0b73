import type { Clock } from '@switchboard/ports';
import { type BusEvent, type PushContent, UserId } from '@switchboard/protocol';
import { type PushDoc, targetOf } from '../store/push-model.ts';
import type { PushStore } from '../store/push-store.ts';
import type { PutFacts } from '../store/put-update.ts';
import { queueOf, rankOf } from './content-rules.ts';
import { pushedEvent } from './pushed-event.ts';
import { type NewPush, type Pushes, type PushState, subjectOf } from './pushes.ts';
import { createPutQueue } from './put-queue.ts';

const MAX_STATES = 1_000;
const MAX_WITHDRAWN = 250;

export interface PushesOptions {
  readonly store: PushStore;
  readonly clock: Clock;
  /** Something may be due. */
  readonly onPut: () => void;
}

export function createPushes({ store, clock, onPut }: PushesOptions): Pushes {
  const queue = createPutQueue<{ key: string; rank: number; facts: PutFacts }>(async (items) => {
    await store.put(
      items.map(({ facts }) => facts),
      clock.now(),
    );
    onPut();
  });

  return {
    async put(pushes) {
      const now = clock.now();
      await queue.put(
        pushes.map((push) => {
          const facts = factsOf(push, now, clock);
          const rank = rankOf(push.content);
          // What happened to a call is told step by step; of a conversation only how it is.
          const key = queueOf(push.content) === 'chat' ? facts._id : `${facts._id}:${rank}`;
          return { key, rank, facts };
        }),
      );
    },

    async withdraw(subject, deviceIds, detail) {
      for (let from = 0; from < deviceIds.length; from += MAX_WITHDRAWN) {
        const slots = await store.byDevices(subject, deviceIds.slice(from, from + MAX_WITHDRAWN));
        const due = slots.filter(({ dueAt, lease }) => dueAt !== undefined && lease === undefined);
        if (due.length === 0) continue;
        await store.withdraw(
          new Map(due.map((slot) => [slot._id, pushedEvent(slot, slot.content, 'dropped', detail, clock)])),
        );
      }
    },

    async of(subject, { userId, limit = MAX_STATES } = {}) {
      return (await store.bySubject(subject, userId, limit)).map(stateOf);
    },
  };
}

function factsOf({ target, userId, content, notBefore }: NewPush, now: number, clock: Clock): PutFacts {
  const subject = subjectOf(content);
  const why = replacedBecause(content);
  const slot = { deviceId: target.id, kind: target.kind, sessionId: target.sessionId, userId };
  const replaced: BusEvent | undefined = why ? pushedEvent(slot, content, 'dropped', why, clock) : undefined;
  return {
    _id: `${subject}:${target.id}`,
    subject,
    target,
    userId,
    content,
    notBefore: notBefore ?? now,
    ...(replaced ? { replaced } : {}),
  };
}

function replacedBecause(content: PushContent): string | undefined {
  if (content.type === 'call.cancelled') return content.reason;
  return content.type === 'call.missed' ? 'missed' : undefined;
}

function stateOf(slot: PushDoc): PushState {
  return {
    target: targetOf(slot),
    userId: UserId.parse(slot.userId),
    content: slot.content,
    shown: slot.shown || slot.lease !== undefined,
  };
}
