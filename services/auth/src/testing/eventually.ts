import { setTimeout as pause } from 'node:timers/promises';

/** Asks until `probe` returns something true, and returns that. @throws after `withinMs`. */
export async function eventually<T>(probe: () => T | Promise<T>, withinMs = 5_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await pause(10);
  }
}
