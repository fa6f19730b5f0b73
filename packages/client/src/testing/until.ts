/** Waits until a condition holds; fails when it does not within `withinMs`. */
export async function until(what: string, holds: () => unknown, withinMs = 5_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
