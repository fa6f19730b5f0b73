import type { Connection } from 'mongoose';
import { duplicateKey } from './duplicate-key.ts';

interface Counter {
  _id: string;
  value: number;
}

/** The next number of a sequence, from 1, never given twice. A number whose taker fails is lost: sequences may have holes. */
export async function nextSequence(connection: Connection, name: string): Promise<number> {
  const counters = connection.collection<Counter>('counters');
  const take = () =>
    counters.findOneAndUpdate(
      { _id: name },
      { $inc: { value: 1 } },
      { upsert: true, returnDocument: 'after' },
    );
  const counter = await take().catch((error: unknown) => {
    // Two first takers race to insert; the loser finds the counter there.
    if (duplicateKey(error)) return take();
    throw error;
  });
  if (!counter) throw new Error(`the counter ${name} vanished`);
  return counter.value;
}
