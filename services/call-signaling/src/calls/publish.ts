import type { CallId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { releaseClaims } from './claims.ts';
import { deadlineOf, type LiveCall } from './live-call.ts';
import { remember } from './remember.ts';

/**
 * Publishes what stands in a call's outbox, oldest first, and then takes it out. Any node may do so at any time, two at once included: the whole
 * outbox goes in order, and the bus drops an event id that it knows. `callerTold` as `LiveCall` has it, where this node has something to say about that.
 */
export async function publishEvents(
  context: SignalingContext,
  callId: CallId,
  callerTold?: boolean,
): Promise<void> {
  // Not in line with the publishing: the event may be on its way already, and whoever delivers it waits for this.
  if (callerTold !== undefined) {
    await rewrite(context, callId, (live) => {
      const { callerTold: _before, ...rest } = live;
      return callerTold ? { ...rest, callerTold } : rest;
    });
  }
  await context.calls.publishing.run(callId, () => publishAll(context, callId));
}

async function publishAll(context: SignalingContext, callId: CallId): Promise<void> {
  for (;;) {
    const stored = await context.liveCalls.get(callId);
    if (!stored || stored.state.outbox.length === 0) return;
    const { outbox, state } = stored.state;
    // A node that died between the end and the release left these.
    if (state.call.phase === 'ended') await releaseClaims(context, undefined, state);
    for (const event of outbox) await context.bus.publish(event);
    const published = new Set(outbox.map((event) => event.id));
    await rewrite(context, callId, (live) => ({
      ...live,
      outbox: live.outbox.filter((event) => !published.has(event.id)),
    }));
  }
}

/** Changes what stands beside the state; the state itself is the transition's alone. */
async function rewrite(
  context: SignalingContext,
  callId: CallId,
  next: (live: LiveCall) => LiveCall,
): Promise<void> {
  const { liveCalls, clock, timings, calls } = context;
  await calls.changes.run(callId, async () => {
    for (;;) {
      const stored = await liveCalls.get(callId);
      if (!stored) return;
      const live = next(stored.state);
      const deadline = deadlineOf(live, clock.now(), timings);
      if (!(await liveCalls.compareAndSet(callId, stored.version, live, deadline))) continue;
      remember(context, live);
      return;
    }
  });
}
