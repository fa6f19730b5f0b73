import type { LiveCalls } from '@switchboard/ports';
import { CallId } from '@switchboard/protocol';
import type { LiveCall } from '../calls/live-call.ts';
import type { CallDoc, CallModel } from './call-model.ts';

/** Younger calls may only not have reached the live store's readers yet, or be on their way back into an emptied one. */
const SETTLED_MS = 2 * 60_000;
const BATCH = 200;

/**
 * Closes calls that history holds open and no live store knows: the process died that held both the call and its events. They count as ended when
 * they were last heard of. Should their true end still come, it takes this one's place.
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
      if (await liveCalls.get(CallId.parse(_id))) continue;
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
