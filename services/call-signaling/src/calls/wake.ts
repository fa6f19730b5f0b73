import type { CallId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { deadlineOf, isForgettable } from './live-call.ts';
import { publishEvents } from './publish.ts';
import { tellNodes } from './tell-nodes.ts';
import { change } from './transition.ts';

/** Does whatever is due for a call: lets time act on it, publishes what its changer did not live to publish, or did not know that it was stored, or forgets it. */
export async function wake(context: SignalingContext, callId: CallId): Promise<void> {
  const { calls, liveCalls, clock, timings } = context;
  const live = await calls.changes.run(callId, async () => {
    const ticked = await change(context, callId, { type: 'tick' });
    // Gone already, or the change publishes for itself.
    if (!ticked.ok || ticked.changed) return undefined;
    const stored = await liveCalls.get(callId);
    if (!stored || stored.state.outbox.length > 0) return stored?.state;
    const now = clock.now();
    const forget = isForgettable(stored.state, now, timings);
    // Put back where it belongs in time; whoever is faster than this does the same.
    await liveCalls.compareAndSet(
      callId,
      stored.version,
      forget ? null : stored.state,
      forget ? null : deadlineOf(stored.state, now, timings),
    );
    return undefined;
  });
  if (!live) return;
  await publishEvents(context, callId);
  await tellNodes(context, live, []);
}
