/**
 * As `Promise.all`, but rejects only when nothing of it is under way any more: whoever then cleans up finds everything that was started.
 * Rejects as the first of the list that did.
 */
export async function together<T extends readonly unknown[] | []>(
  works: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const all = works.map((work) => Promise.resolve(work));
  await Promise.allSettled(all);
  return (await Promise.all(all)) as { -readonly [K in keyof T]: Awaited<T[K]> };
}
