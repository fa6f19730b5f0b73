import type { LiveCalls } from '@switchboard/ports';
import { CallId } from '@switchboard/protocol';
import type { LiveCall } from '../calls/live-call.ts';
import { endOf, recordOf } from './call-document.ts';
import type { CallDoc, CallModel } from './call-model.ts';

/** Younger calls may only not have reached the live store's readers yet, or be on their way back into an emptied one. */
const SETTLED_MS = 2 * 60_000;
const BATCH = 200;

/**
 * Closes calls that history holds open and that are over. The live store still knows how a call ended of late whose events were lost with the bus. What it
 * does not know at all died with the process that held both the call and its events: such a call counts as ended when it was last heard of. Should its
 * true end still come, it takes this one's place.
 */
export async function closeAbandoned(
  model: CallModel,
  liveCalls: LiveCalls<LiveCall>,
  now: number,
): Promise<void> {
  let after: Date | undefined;
  for (;;) {
    const until = { $lt: new Date(now - SETTLED_MS), ...(after ? { $gt: after } : {}) };
    const docs = await model
      .find({ open: true, createdAt: until }, { createdAt: 1, answeredAt: 1 })
      .sort({ createdAt: 1 })
      .limit(BATCH)
      .lean<CallDoc[]>();
    for (const { _id, createdAt, answeredAt } of docs) {
      const live = (await liveCalls.get(CallId.parse(_id)))?.state;
      if (live) {
        const { call } = live.state;
        // Else its end is on its way.
        const over = call.phase === 'ended' && live.outbox.length === 0;
        if (over) await model.updateOne({ ...recordOf(call), open: true }, endOf(call));
        continue;
      }
      const endedAt = answeredAt ?? createdAt;
      await model.updateOne(
        { _id, open: true },
        {
          $set: {
            open: false,
            endedAt,
            endReason: 'network_error',
            ...(answeredAt ? { durationMs: 0 } : {}),
          },
        },
      );
    }
    after = docs.at(-1)?.createdAt;
    if (docs.length < BATCH) return;
  }
}
