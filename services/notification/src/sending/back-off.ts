import type { PushQueue } from './content-rules.ts';

const BASE_MS: Record<PushQueue, number> = { call: 1_000, chat: 2_000 };
const MAX_MS: Record<PushQueue, number> = { call: 8_000, chat: 900_000 };

/**
 * Pause before the next try of a push, between half and all of a time that doubles with each: what failed together is not tried together.
 * @param attempts How often it was tried, from 1.
 */
export function backOffMs(queue: PushQueue, attempts: number, random: () => number = Math.random): number {
  const full = Math.min(BASE_MS[queue] * 2 ** Math.min(attempts - 1, 20), MAX_MS[queue]);
  return Math.round(full * (0.5 + random() / 2));
}
