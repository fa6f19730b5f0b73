import type { SignalingContext } from '../context.ts';
import { wake } from './wake.ts';

/** How often a node asks for calls whose time has come: what their own nodes no longer keep. */
export const SWEEP_MS = 250;
const BATCH = 64;
/** A call that a node took and did not finish is handed to the next one after this. */
const HIDE_MS = 5_000;

/** Wakes every call that is due, whichever node made it. */
export async function sweep(context: SignalingContext): Promise<void> {
  const { liveCalls, clock, logger } = context;
  for (;;) {
    const due = await liveCalls.due(clock.now(), BATCH, HIDE_MS);
    await Promise.all(
      due.map((callId) =>
        wake(context, callId).catch((err: unknown) => logger.warn({ callId, err }, 'a due call failed')),
      ),
    );
    if (due.length < BATCH) return;
  }
}
