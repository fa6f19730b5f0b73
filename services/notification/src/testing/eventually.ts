/** Asks again until the condition holds; after `withinMs` it fails with what the condition last said. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  withinMs = 5_000,
): Promise<NonNullable<T>> {
  const until = performance.now() + withinMs;
  for (;;) {
    let last: unknown;
    try {
      const value = await condition();
      if (value) return value as NonNullable<T>;
      last = new Error(`still ${String(value)}: ${condition.toString()}`);
    } catch (err) {
      last = err;
    }
    if (performance.now() > until) throw last;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
