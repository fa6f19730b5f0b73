import type { CallFigures } from '@switchboard/dialects';
import { mongoFault } from '@switchboard/service-kit';
import type { CallModel } from '../store/call-model.ts';
import { type Counted, Tally } from './tally.ts';

/** Calls that one report counts at most: the newest of its range. */
export const COUNTED_MAX = 100_000;
const BATCH = 1_000;
const DAY_MS = 86_400_000;
const RANGE_MAX_MS = 31 * DAY_MS;

/** The range meant: to its end, or now; from its beginning, or a day before its end. Never longer than 31 days. */
export function rangeOf(
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
): { readonly from: Date; readonly to: Date } {
  const begins = from === undefined ? undefined : Date.parse(from);
  const ends = to === undefined ? Math.min(now, (begins ?? now) + RANGE_MAX_MS) : Date.parse(to);
  return { from: new Date(Math.min(begins ?? ends - DAY_MS, ends)), to: new Date(ends) };
}

/**
 * How the calls that began in the range went and sounded. Read in batches along an index, so that neither this process nor the database holds them all, and
 * others get their turn in between. @throws SwitchboardError SERVICE_UNAVAILABLE, retryable, while the database is away.
 */
export async function callFigures(
  model: CallModel,
  { from, to }: { readonly from: Date; readonly to: Date },
  max: number = COUNTED_MAX,
): Promise<CallFigures> {
  const tally = new Tally();
  let complete = true;
  try {
    let seen = 0;
    const calls = model
      .find({ createdAt: { $gte: from, $lt: to } }, { _id: 0, answeredAt: 1, endReason: 1, quality: 1 })
      .sort({ createdAt: -1, _id: -1 })
      .limit(max + 1)
      .lean<Counted>()
      .cursor({ batchSize: BATCH });
    for await (const call of calls) {
      seen += 1;
      if (seen > max) complete = false;
      else tally.add(call as Counted);
    }
  } catch (error) {
    throw mongoFault(error);
  }
  return { from: from.toISOString(), to: to.toISOString(), complete, ...tally.figures() };
}
