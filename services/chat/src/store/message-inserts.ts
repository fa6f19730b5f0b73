import { duplicateKey } from '@switchboard/service-kit';
import { mongo } from 'mongoose';
import { MESSAGE_INDEXES, type MessageDoc, type MessageModel } from './message-model.ts';

/**
 * What became of one message of a batch. Only `stored` may be acknowledged.
 * skipped: an ordered batch ended before it. unknown: it may be stored or may yet be, nobody can tell.
 */
export type InsertOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'duplicate'; readonly of: 'seq' | 'clientMessage' | 'id' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'unknown'; readonly cause: unknown };

const DUPLICATE_KEY = 11_000;

/**
 * Inserts with majority and journal, in one round trip. `ordered` stops at the first refusal: what comes after it was not attempted.
 * Through the driver, not mongoose: the documents are built by us, field by field, and casting them again costs more than sending them.
 */
export async function insertMessages(
  model: MessageModel,
  docs: readonly MessageDoc[],
  ordered: boolean,
  timeoutMs: number,
): Promise<InsertOutcome[]> {
  try {
    await model.db.collection<MessageDoc>(model.collection.collectionName).insertMany([...docs], {
      ordered,
      writeConcern: { w: 'majority', journal: true, wtimeoutMS: timeoutMs },
    });
    return docs.map(() => ({ kind: 'stored' }));
  } catch (error) {
    return outcomesOf(error, docs.length, ordered);
  }
}

export function outcomesOf(error: unknown, count: number, ordered: boolean): InsertOutcome[] {
  const allUnknown = () => Array.from({ length: count }, () => ({ kind: 'unknown', cause: error }) as const);
  if (!(error instanceof mongo.MongoBulkWriteError)) return allUnknown();

  const refusals = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  // Anything but a duplicate (a step-down, a full disk, a write concern not met) leaves open what the others became: the driver
  // reports a failure of the whole command as one of its first document.
  if (refusals.length === 0 || refusals.some((refusal) => refusal.code !== DUPLICATE_KEY))
    return allUnknown();
  if (error.result.getWriteConcernError() !== undefined) return allUnknown();

  const duplicates = new Map(refusals.map((refusal) => [refusal.index, refusal.errmsg]));
  const first = Math.min(...duplicates.keys());
  return Array.from({ length: count }, (_, index): InsertOutcome => {
    const errmsg = duplicates.get(index);
    if (errmsg !== undefined) return duplicateOf(errmsg, error);
    return ordered && index > first ? { kind: 'skipped' } : { kind: 'stored' };
  });
}

function duplicateOf(errmsg: string, cause: unknown): InsertOutcome {
  switch (duplicateKey({ code: DUPLICATE_KEY, errmsg })?.index) {
    case MESSAGE_INDEXES.seq:
      return { kind: 'duplicate', of: 'seq' };
    case MESSAGE_INDEXES.clientMessage:
      return { kind: 'duplicate', of: 'clientMessage' };
    case '_id_':
      return { kind: 'duplicate', of: 'id' };
    default:
      return { kind: 'unknown', cause };
  }
}
