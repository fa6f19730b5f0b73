import type { Logger } from '../../../packages/service-kit/src/logger.ts';
import { connectMongo } from '../../../packages/service-kit/src/mongo/connect-mongo.ts';
import { keyOf } from '../load/run-log.ts';
import type { StoredMessage } from './check-messages.ts';

/** What is needed of a message as chat stores it. */
interface StoredDoc {
  readonly _id: string;
  readonly conversationId: string;
  readonly seq: number;
  readonly content: unknown;
}

/**
 * All messages that the database at `url` holds, by the index of their conversation in `known` and in the order of their numbers; conversations
 * that are not known get -1, -2, … Read as they lie there, past the service and without its indexes: neither can hide what it does not expect.
 */
export async function readStored(
  url: string,
  known: readonly string[],
  logger: Logger,
): Promise<Map<number, StoredMessage[]>> {
  await using mongo = await connectMongo(url, { logger, appName: 'faults-checker' });
  const indexes = new Map(known.map((id, index) => [id, index]));
  const stored = new Map<number, StoredMessage[]>(known.map((_, index) => [index, []]));
  let strays = 0;
  const messages = mongo.connection
    .collection<StoredDoc>('messages')
    .find({}, { projection: { conversationId: 1, seq: 1, content: 1 } });
  for await (const { _id: id, conversationId, seq, content } of messages) {
    let index = indexes.get(conversationId);
    if (index === undefined) {
      strays += 1;
      index = -strays;
      indexes.set(conversationId, index);
      stored.set(index, []);
    }
    stored.get(index)?.push({ id, seq, key: keyOf(content) });
  }
  for (const each of stored.values()) each.sort((a, b) => a.seq - b.seq);
  return stored;
}
