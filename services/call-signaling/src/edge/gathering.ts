/** One thing on its way after another: while it is under way, what comes meanwhile is gathered, to go next in one parcel. */
export interface Gathering<Item, Answer> {
  /** Goes at once when nothing is under way. Rejects when its parcel failed as a whole. */
  add(item: Item): Promise<Answer>;
}

export interface GatheringOptions<Item, Answer> {
  /** Of one parcel; there is always room for one item. */
  readonly maxItems: number;
  readonly maxBytes: number;
  bytesOf(item: Item): number;
  /** One answer for each item, in their order; never called again before it has settled. */
  carry(items: readonly Item[]): Promise<readonly Answer[]>;
  /** Nothing is under way, and nothing waits. */
  onIdle(): void;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly bytes: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Keeps the order in which items were added, whatever becomes of them: a parcel leaves only when the one before was answered or given up. How many may wait is for
 * whoever adds to bound.
 */
export function createGathering<Item, Answer>(
  options: GatheringOptions<Item, Answer>,
): Gathering<Item, Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let running = false;

  const take = (): Waiting<Item, Answer>[] => {
    let count = 0;
    let bytes = 0;
    for (const next of waiting) {
      bytes += next.bytes;
      if (count > 0 && (count >= options.maxItems || bytes > options.maxBytes)) break;
      count += 1;
    }
    const parcel = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return parcel;
  };

  const deliver = async (parcel: readonly Waiting<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await options.carry(parcel.map(({ item }) => item));
      if (answers.length !== parcel.length) throw new Error('not as many answers as items');
      for (const [index, answer] of answers.entries()) parcel[index]?.resolve(answer);
    } catch (error) {
      for (const each of parcel) each.reject(error);
    }
  };

  const run = async (): Promise<void> => {
    running = true;
    for (let parcel = take(); parcel.length > 0; parcel = take()) await deliver(parcel);
    running = false;
    options.onIdle();
  };

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, bytes: options.bytesOf(item), resolve, reject });
        if (!running) void run();
      }),
  };
}
