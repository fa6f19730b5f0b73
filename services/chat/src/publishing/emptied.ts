import type { Clock } from '@switchboard/ports';

/** Resolves when no work is in hand, also none that came meanwhile, or `withinMs` are over. */
export async function emptied(
  inHand: ReadonlyMap<unknown, Promise<void>>,
  clock: Clock,
  withinMs: number,
): Promise<void> {
  let over = false;
  let timer: Disposable | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = clock.after(withinMs, () => {
      over = true;
      resolve();
    });
  });
  while (inHand.size > 0 && !over) await Promise.race([Promise.all(inHand.values()), timeout]);
  timer?.[Symbol.dispose]();
}
