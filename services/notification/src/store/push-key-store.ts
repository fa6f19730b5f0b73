import { duplicateKey, mongoFault } from '@switchboard/service-kit';
import type { Connection } from 'mongoose';
import type { VapidKeys } from '../sending/providers/vapid.ts';

interface KeyDoc extends VapidKeys {
  _id: 'vapid';
}

/**
 * The keys that all instances sign with: those that the first of them made. Browsers subscribe with the public one, so it stays for good.
 * @param make Called when there may be none yet.
 */
export async function storedVapidKeys(
  connection: Connection,
  make: () => Promise<VapidKeys>,
): Promise<VapidKeys> {
  const keys = connection.collection<KeyDoc>('push_keys');
  const take = async (): Promise<KeyDoc | null> =>
    (await keys.findOne({ _id: 'vapid' })) ??
    keys.findOneAndUpdate(
      { _id: 'vapid' },
      { $setOnInsert: await make() },
      { upsert: true, returnDocument: 'after' },
    );
  try {
    const stored = await take().catch((error: unknown) => {
      // Another first one was quicker: its keys are there now.
      if (duplicateKey(error)) return take();
      throw error;
    });
    if (!stored) throw new Error('the push keys vanished');
    return { publicKey: stored.publicKey, privateKey: stored.privateKey };
  } catch (error) {
    throw mongoFault(error);
  }
}
