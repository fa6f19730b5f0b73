import { unavailable } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { pause } from './pause.ts';

/** The bus is back sooner than this when one of its servers went, and a node that was held up has asked everybody. */
const PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 25;

/** @throws SwitchboardError, retryable, while this node is cut off from the others. */
export function refuseWhileCut({ isCut }: SignalingContext): void {
  if (isCut?.()) throw unavailable('This node');
}

/**
 * Resolves when this node is not cut off, or has been for longer than clients should wait. Most vocabularies hang up without waiting for an answer, and so
 * never ask again: what falls into a short gap is better kept than refused.
 */
export async function shortCutPassed({ isCut, clock }: SignalingContext): Promise<void> {
  const giveUpAt = clock.now() + PATIENCE_MS;
  while (isCut?.() && clock.now() < giveUpAt) await pause(clock, LOOK_AGAIN_MS);
}
