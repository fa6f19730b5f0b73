/** Work for many calls at the same time, but not for all: a node with many must not ask everything at once. */
export async function abreast<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += ABREAST) {
    await Promise.all(items.slice(from, from + ABREAST).map(work));
  }
}

const ABREAST = 32;
