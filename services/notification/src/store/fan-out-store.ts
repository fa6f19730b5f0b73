import { randomUUID } from 'node:crypto';
import { ConversationId } from '@switchboard/protocol';
import { duplicateKey, mongoFault } from '@switchboard/service-kit';
import type { FanOutDoc, FanOutModel, Naming, Said } from './fan-out-model.ts';

/** What one round is to tell followers of. */
export interface FanOut extends Pick<FanOutDoc, 'rev' | 'newest' | 'naming' | 'failures'> {
  readonly conversationId: ConversationId;
  readonly byAnother?: Said | undefined;
  readonly lease: string;
}

/** Conversations whose followers are to be told. Rejects with a retryable SERVICE_UNAVAILABLE while the database is away. */
export interface FanOutStore {
  /** Something was said. In any order and any number of times; older than what is known changes nothing. `dueAt`: when the round may begin. */
  note(conversationId: ConversationId, said: Said, tails: readonly string[], dueAt: number): Promise<void>;
  /** The one that waits longest, for as long as the lease; undefined when none is due. */
  claim(now: number, leaseMs: number): Promise<FanOut | undefined>;
  /** False when it is another's by now, or nobody's. */
  renew(fanOut: FanOut, until: number): Promise<boolean>;
  /** All were told. What was said meanwhile is due at `nextAt`. */
  done(fanOut: FanOut, nextAt: number): Promise<void>;
  /** It failed, and is due again then. */
  failed(fanOut: FanOut, nextAt: number): Promise<void>;
}

/** Tails of one conversation that are kept until its round. */
const MAX_TAILS = 200;
/** Each is lost to another event of the same conversation or to the end of a round; both are rare. */
const MAX_LOST_RACES = 50;

export function createFanOutStore(model: FanOutModel, now: () => number): FanOutStore {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw mongoFault(error);
    }
  };

  /** False when the document changed in between. */
  const noteOnce = async (
    conversationId: ConversationId,
    said: Said,
    tails: readonly string[],
    dueAt: number,
  ): Promise<boolean> => {
    const known = await model.findOne({ _id: conversationId }).lean<FanOutDoc>();
    const changedAt = new Date(now());
    const naming = tails.length > 0 ? [{ said, tails: [...tails] }] : [];
    if (!known) {
      const fresh = { rev: 1, newest: said, naming, dueAt: new Date(dueAt), failures: 0, changedAt };
      try {
        await model.create({ _id: conversationId, ...fresh });
        return true;
      } catch (error) {
        if (duplicateKey(error)) return false;
        throw error;
      }
    }
    if (known.newest.seq >= said.seq) return true;
    const byAnother = known.newest.from.id === said.from.id ? known.byAnother : known.newest;
    const changes = { newest: said, naming: bounded([...naming, ...known.naming]), changedAt };
    const { modifiedCount } = await model.updateOne(
      { _id: conversationId, rev: known.rev },
      { $set: { ...changes, ...(byAnother ? { byAnother } : {}) }, $inc: { rev: 1 } },
    );
    return modifiedCount === 1;
  };

  return {
    note: (conversationId, said, tails, dueAt) =>
      guarded(async () => {
        for (let race = 0; race < MAX_LOST_RACES; race += 1) {
          if (await noteOnce(conversationId, said, tails, dueAt)) return;
        }
        throw new Error('too many at once note what was said in one conversation');
      }),

    claim: (at, leaseMs) =>
      guarded(async () => {
        const lease = randomUUID();
        const doc = await model
          .findOneAndUpdate(
            { dueAt: { $lte: new Date(at) } },
            { $set: { lease, dueAt: new Date(at + leaseMs) } },
            { sort: { dueAt: 1 }, returnDocument: 'after' },
          )
          .lean<FanOutDoc>();
        if (!doc) return undefined;
        const { _id, rev, newest, byAnother, naming, failures } = doc;
        return { conversationId: ConversationId.parse(_id), rev, newest, byAnother, naming, failures, lease };
      }),

    renew: ({ conversationId, lease }, until) =>
      guarded(async () => {
        const { matchedCount } = await model.updateOne(
          { _id: conversationId, lease },
          { $set: { dueAt: new Date(until) } },
        );
        return matchedCount === 1;
      }),

    done: ({ conversationId, lease, rev }, nextAt) =>
      guarded(async () => {
        const { deletedCount } = await model.deleteOne({ _id: conversationId, lease, rev });
        if (deletedCount === 1) return;
        await model.updateOne(
          { _id: conversationId, lease },
          { $set: { dueAt: new Date(nextAt), failures: 0 }, $unset: { lease: 1 } },
        );
      }),

    failed: ({ conversationId, lease }, nextAt) =>
      guarded(async () => {
        await model.updateOne(
          { _id: conversationId, lease },
          { $set: { dueAt: new Date(nextAt) }, $inc: { failures: 1 }, $unset: { lease: 1 } },
        );
      }),
  };
}

function bounded(naming: readonly Naming[]): Naming[] {
  let tails = 0;
  return naming.filter((each) => {
    tails += each.tails.length;
    return tails <= MAX_TAILS;
  });
}
