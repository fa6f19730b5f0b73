import { duplicateKey } from '@switchboard/service-kit';
import type { Model } from 'mongoose';
import { Coalesced } from './coalesce.ts';
import type { MessageDoc } from './message-model.ts';

const MAX_BATCH = 500;

/** What a collection derives from messages: raised by each, in batches, in any order and any number of times. */
export function createFollowed<Doc>(
  model: Model<Doc>,
  upserts: (messages: readonly MessageDoc[]) => Parameters<Model<Doc>['bulkWrite']>[0],
): { follow(message: MessageDoc): Promise<void>; settled(): Promise<void> } {
  const following = new Coalesced<MessageDoc>(async (messages) => {
    const operations = upserts(messages);
    const write = () => model.bulkWrite(operations, { ordered: false });
    try {
      await write();
    } catch (error) {
      // Two nodes made the same document at once; now it is there for both.
      if (!duplicateKey(error)) throw error;
      await write();
    }
  }, MAX_BATCH);
  return { follow: (message) => following.add(message), settled: () => following.settled() };
}
