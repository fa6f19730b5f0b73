/** First come, first served, per name. Nobody waiting, the work starts in the same turn. */
export class Mutexes {
  private readonly queues = new Map<string, (() => void)[]>();

  async exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
    const queue = this.queues.get(name);
    if (queue === undefined) this.queues.set(name, []);
    else await new Promise<void>((resolve) => queue.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.queues.get(name)?.shift();
      if (next === undefined) this.queues.delete(name);
      else next();
    }
  }
}
