import { CallId, type UserId } from '@switchboard/protocol';
import { duplicateKey, mongoFault } from '@switchboard/service-kit';
import type { RingDoc, RingModel } from './ring-model.ts';

/** A ring as events up to now show it. */
export type Ring = Pick<RingDoc, 'state' | 'rang' | 'declined'>;

export interface RingToLookAt {
  readonly callId: CallId;
  readonly ring: Ring;
  /** How often it was looked at before. */
  readonly looks: number;
}

/** What planning knows of calls. Every method does the same when it is done again. Rejects with a retryable SERVICE_UNAVAILABLE while the database is away. */
export interface RingStore {
  /** `lookAt`: when to ask for an end that was not heard of. Returns the ring as it stands, which may be over already. */
  open(callId: CallId, rang: readonly UserId[], lookAt: number): Promise<Ring>;
  get(callId: CallId): Promise<Ring | undefined>;
  decline(callId: CallId, userId: UserId): Promise<void>;
  /** Nobody asks for its end any more; `over` is final. */
  settle(callId: CallId, state: 'answered' | 'over'): Promise<void>;
  /** Rings whose end is overdue, each to one instance, and to the next at `again`. */
  overdue(now: number, again: number, limit: number): Promise<RingToLookAt[]>;
}

export function createRingStore(model: RingModel, now: () => number): RingStore {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw mongoFault(error);
    }
  };
  const changed = () => ({ changedAt: new Date(now()) });

  return {
    open: (callId, rang, lookAt) =>
      guarded(async () => {
        const fresh = {
          state: 'ringing' as const,
          rang: [...rang],
          declined: [],
          looks: 0,
          lookAt: new Date(lookAt),
          ...changed(),
        };
        const upsert = () =>
          model
            .findOneAndUpdate(
              { _id: callId },
              { $setOnInsert: fresh },
              { upsert: true, returnDocument: 'after' },
            )
            .lean<RingDoc>();
        try {
          return (await upsert()) ?? fresh;
        } catch (error) {
          // Made by another instance meanwhile: now it is there.
          if (!duplicateKey(error)) throw error;
          return (await upsert()) ?? fresh;
        }
      }),

    get: (callId) => guarded(async () => (await model.findOne({ _id: callId }).lean<RingDoc>()) ?? undefined),

    decline: (callId, userId) =>
      guarded(async () => {
        await model.updateOne({ _id: callId }, { $addToSet: { declined: userId }, $set: changed() });
      }),

    settle: (callId, state) =>
      guarded(async () => {
        const settled = { $set: { state, ...changed() }, $unset: { lookAt: 1 as const } };
        if (state === 'answered') {
          await model.updateOne({ _id: callId, state: { $ne: 'over' } }, settled);
          return;
        }
        const unheard = { rang: [], declined: [], looks: 0 };
        const close = () =>
          model.updateOne({ _id: callId }, { ...settled, $setOnInsert: unheard }, { upsert: true });
        try {
          await close();
        } catch (error) {
          if (!duplicateKey(error)) throw error;
          await close();
        }
      }),

    overdue: (at, again, limit) =>
      guarded(async () => {
        const docs = await model
          .find({ lookAt: { $lte: new Date(at) } })
          .sort({ lookAt: 1 })
          .limit(limit)
          .lean<RingDoc[]>();
        const mine: RingToLookAt[] = [];
        for (const { _id, lookAt, looks, ...ring } of docs) {
          if (!lookAt) continue;
          const taken = await model.updateOne(
            { _id, lookAt },
            { $set: { lookAt: new Date(again) }, $inc: { looks: 1 } },
          );
          if (taken.modifiedCount === 1) mine.push({ callId: CallId.parse(_id), ring, looks });
        }
        return mine;
      }),
  };
}
