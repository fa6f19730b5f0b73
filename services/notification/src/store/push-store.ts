import { randomUUID } from 'node:crypto';
import type { BusEvent, PushDeviceId, UserId } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import { mongo } from 'mongoose';
import type { PushQueue } from '../sending/content-rules.ts';
import type { PushDoc, PushModel } from './push-model.ts';
import { eventAboutContent, type PutFacts, putUpdate } from './put-update.ts';
import { type EndingFacts, recordUpdate } from './record-update.ts';

/** What is due, as far as it must be known to choose. */
export type DuePush = Pick<PushDoc, '_id' | 'lane'>;

export interface PushStore {
  /** Puts what is newer than what the slots hold. At most some hundreds at once; one slot at most once. */
  put(puts: readonly PutFacts[], now: number): Promise<void>;
  /** Takes back what was not sent and is not in hand. `dropped`: of each slot the event that says so, whose `content` is filled in. */
  withdraw(dropped: ReadonlyMap<string, BusEvent | undefined>): Promise<void>;
  bySubject(subject: string, userId: UserId | undefined, limit: number): Promise<PushDoc[]>;
  byDevices(subject: string, deviceIds: readonly PushDeviceId[]): Promise<PushDoc[]>;
  /** What is due, the longest waiting first, but for the lanes named. */
  due(queue: PushQueue, now: number, without: readonly string[], limit: number): Promise<DuePush[]>;
  /** Takes into hand those of these that are still due, for as long as the lease; another worker gets none of them until then. */
  claim(ids: readonly string[], now: number, leaseMs: number): Promise<PushDoc[]>;
  /** Gives slots out of hand. One whose lease was lost to another worker stays as it is. */
  record(endings: readonly EndingFacts[], now: number): Promise<void>;
  /** What is due of a lane waits, so that nobody looks at it in vain. */
  park(lane: string, now: number, until: number): Promise<void>;
  /** How many are due, counted up to `most`. */
  backlog(now: number, most: number): Promise<number>;
}

export function createPushStore(model: PushModel): PushStore {
  // The driver's own collection: mongoose would cast the expressions of pipelines as if they were values.
  const pushes = model.collection as unknown as mongo.Collection<PushDoc>;
  const guarded = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw mongoFault(error);
    });

  const write = async (updates: readonly mongo.AnyBulkWriteOperation<PushDoc>[]): Promise<void> => {
    let left = updates;
    // Two that make a slot at once: the loser finds it there when it tries again.
    for (let tries = 0; left.length > 0; tries++) {
      try {
        await pushes.bulkWrite([...left], { ordered: false });
        return;
      } catch (error) {
        const raced = tries < 3 ? duplicates(error) : undefined;
        if (!raced) throw error;
        left = raced.flatMap((index) => left[index] ?? []);
      }
    }
  };

  return {
    put: (puts, now) => guarded(write(puts.map((facts) => ({ updateOne: putUpdate(facts, now) })))),

    withdraw: (dropped) =>
      guarded(
        write(
          [...dropped].map(([_id, event]) => ({
            updateOne: {
              filter: { _id, dueAt: { $exists: true }, lease: { $exists: false } },
              update: [
                {
                  $set: {
                    dueAt: '$$REMOVE',
                    ...(event ? { outbox: { $concatArrays: ['$outbox', [eventAboutContent(event)]] } } : {}),
                  },
                },
              ],
            },
          })),
        ),
      ),

    bySubject: (subject, userId, limit) =>
      guarded(
        pushes
          .find(
            { subject, ...(userId === undefined ? {} : { userId }) },
            { limit, projection: { outbox: 0 } },
          )
          .toArray(),
      ),

    byDevices: (subject, deviceIds) =>
      guarded(
        pushes
          .find({ _id: { $in: deviceIds.map((id) => `${subject}:${id}`) } }, { projection: { outbox: 0 } })
          .toArray(),
      ),

    due: (queue, now, without, limit) =>
      guarded(
        pushes
          .find(
            {
              queue,
              dueAt: { $lte: new Date(now) },
              ...(without.length > 0 ? { lane: { $nin: [...without] } } : {}),
            },
            { projection: { lane: 1 }, sort: { dueAt: 1 }, limit },
          )
          .toArray(),
      ),

    async claim(ids, now, leaseMs) {
      const lease = randomUUID();
      const wanted = { $in: [...ids] };
      await guarded(
        pushes.updateMany(
          { _id: wanted, dueAt: { $lte: new Date(now) } },
          { $set: { lease, dueAt: new Date(now + leaseMs) } },
        ),
      );
      return guarded(pushes.find({ _id: wanted, lease }, { projection: { outbox: 0 } }).toArray());
    },

    record: (endings, now) =>
      guarded(write(endings.map((facts) => ({ updateOne: recordUpdate(facts, now) })))),

    async park(lane, now, until) {
      await guarded(
        pushes.updateMany(
          {
            queue: { $in: ['call', 'chat'] },
            dueAt: { $lte: new Date(now) },
            lane,
            lease: { $exists: false },
          },
          { $set: { dueAt: new Date(until) } },
        ),
      );
    },

    backlog: async (now, most) =>
      guarded(
        pushes.countDocuments(
          { queue: { $in: ['call', 'chat'] }, dueAt: { $lte: new Date(now) } },
          { limit: most },
        ),
      ),
  };
}

/** Which of the writes ran into a slot made meanwhile, if nothing else went wrong. */
function duplicates(error: unknown): number[] | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  const failed = [error.writeErrors].flat();
  if (failed.length === 0 || failed.some(({ code }) => code !== 11_000)) return undefined;
  return failed.map(({ index }) => index);
}
