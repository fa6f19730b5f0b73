import type { Child, Cluster, ServiceNode } from '@switchboard/deploy-cluster';
import type { Outage } from '../checker/outages.ts';

/** A process that died must be back within this, however busy the machine. */
const REVIVE_WITHIN_MS = 120_000;
const WATCH_EVERY_MS = 250;

/** The processes of a cluster as those see them who take them away and bring them back, with an account of when too little was left to work. */
export class Ground implements Disposable {
  readonly cluster: Cluster;
  readonly outages: Outage[] = [];
  /** Processes that ended without being told to. */
  readonly died: string[] = [];
  readonly now: () => number;
  /** Every process killed, and when. */
  readonly killed: { readonly name: string; readonly at: number }[] = [];
  readonly #away = new Set<Child>();
  readonly #watch: ReturnType<typeof setInterval>;
  #outage: { readonly what: string; readonly from: number } | undefined;

  constructor(cluster: Cluster, now: () => number) {
    this.cluster = cluster;
    this.now = now;
    this.#watch = setInterval(() => this.#lookForDead(), WATCH_EVERY_MS);
  }

  async kill(child: Child, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.killed.push({ name: child.name, at: this.now() });
    this.#gone(child);
    await child.signal(signal);
  }

  /** Resolves when it is ready, whether it was killed or paused, and what it serves is there again. */
  async bringBack(child: Child, restored: () => Promise<void> = async () => {}): Promise<void> {
    const deadline = Date.now() + REVIVE_WITHIN_MS;
    for (;;) {
      try {
        await (child.running ? child.ready() : child.restart());
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
    await restored();
    this.#away.delete(child);
    this.#account(child.name);
  }

  async pause(child: Child): Promise<void> {
    this.#gone(child);
    await child.signal('SIGSTOP');
  }

  async goOn(child: Child): Promise<void> {
    await child.signal('SIGCONT');
    await this.bringBack(child);
  }

  /** Resolves when every process answers and says that it can be used. */
  async healed(): Promise<void> {
    await Promise.all(this.cluster.all.map((child) => this.bringBack(child)));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watch);
  }

  #gone(child: Child): void {
    this.#away.add(child);
    this.#account(child.name);
  }

  /** Begins or ends an outage when `what` made the difference. */
  #account(what: string): void {
    const works = this.#works();
    if (works && this.#outage) {
      this.outages.push({ ...this.#outage, to: this.now() });
      this.#outage = undefined;
    } else if (!works && !this.#outage) {
      this.#outage = { what, from: this.now() };
    }
  }

  /** Whether enough is there for somebody to come in, send and receive. */
  #works(): boolean {
    const { gateway, auth, chat, signaling, nats, redis, database } = this.cluster;
    const here = (child: Child): boolean => !this.#away.has(child);
    const groups: readonly (readonly ServiceNode[])[] = [auth, chat, signaling];
    return (
      here(gateway) &&
      groups.every((group) => group.some(here)) &&
      nats.filter(here).length * 2 > nats.length &&
      redis.every(here) &&
      (database === undefined || here(database))
    );
  }

  #lookForDead(): void {
    for (const child of this.cluster.all) {
      if (child.running || this.#away.has(child)) continue;
      this.died.push(child.name);
      this.#gone(child);
      void this.bringBack(child).catch(() => undefined);
    }
  }
}
