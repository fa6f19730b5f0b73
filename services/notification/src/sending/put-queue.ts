/** One thing to be stored, and how to judge whether a later one about the same makes it superfluous. */
export interface Queued {
  /** Of several with one key only that of the highest rank is stored. */
  readonly key: string;
  readonly rank: number;
}

interface Pending<T> {
  item: T;
  readonly waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[];
}

/** More than this and putters wait before they may hand over more. */
const MAX_PENDING = 5_000;
const MAX_BATCH = 250;

/**
 * Stores what is put in batches, one batch at a time. What comes meanwhile waits, and of what is about the same only the newest waits: a thousand messages
 * to a room while the database takes a breath become one write a device.
 */
export interface PutQueue<T extends Queued> {
  /** Resolves when this one, or a newer one about the same, is stored. */
  put(items: readonly T[]): Promise<void>;
}

export function createPutQueue<T extends Queued>(store: (items: readonly T[]) => Promise<void>): PutQueue<T> {
  const pending = new Map<string, Pending<T>>();
  const held: (() => void)[] = [];
  let storing = false;

  const run = async (): Promise<void> => {
    if (storing) return;
    storing = true;
    while (pending.size > 0) {
      const batch = [...takeFirst(pending, MAX_BATCH)];
      try {
        await store(batch.map(({ item }) => item));
        for (const { waiting } of batch) for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { waiting } of batch) for (const { reject } of waiting) reject(error);
      }
      while (pending.size < MAX_PENDING && held.length > 0) held.shift()?.();
      // Whoever was let in adds before the next batch is taken.
      await Promise.resolve();
    }
    storing = false;
  };

  const add = (item: T): Promise<void> =>
    new Promise((resolve, reject) => {
      const before = pending.get(item.key);
      if (before) {
        if (item.rank > before.item.rank) before.item = item;
        before.waiting.push({ resolve, reject });
      } else pending.set(item.key, { item, waiting: [{ resolve, reject }] });
    });

  return {
    async put(items) {
      const stored: Promise<void>[] = [];
      try {
        for (const item of items) {
          while (pending.size >= MAX_PENDING && !pending.has(item.key)) {
            await new Promise<void>((admit) => held.push(admit));
          }
          stored.push(add(item));
          void run();
        }
      } finally {
        // A rejection is the caller's, through the last line; none of the others is left unheard.
        for (const each of stored) each.catch(() => undefined);
      }
      await Promise.all(stored);
    },
  };
}

function* takeFirst<T extends Queued>(pending: Map<string, Pending<T>>, most: number): Generator<Pending<T>> {
  let left = most;
  for (const [key, each] of pending) {
    if (left-- === 0) return;
    pending.delete(key);
    yield each;
  }
}
