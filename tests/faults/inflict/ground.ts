import type { Child, Cluster } from '@switchboard/deploy-cluster';
import type { Outage } from '../checker/outages.ts';
import { OutageLog } from './outage-log.ts';

/** A process that died must be back within this, however busy the machine. */
const REVIVE_WITHIN_MS = 120_000;
const WATCH_EVERY_MS = 250;

/** A process that was made to end; milliseconds since the run began. */
export interface Ending {
  readonly name: string;
  readonly at: number;
  readonly signal: 'SIGKILL' | 'SIGTERM';
}

/** The processes of a cluster as those see them who take them away and bring them back, with an account of when too little was left to work. */
export class Ground implements Disposable {
  readonly cluster: Cluster;
  /** Processes that ended without being told to. */
  readonly died: string[] = [];
  readonly now: () => number;
  /** Every process that was killed, or asked to stop, and when. */
  readonly ended: Ending[] = [];
  readonly #away = new Set<Child>();
  readonly #outages: OutageLog;
  readonly #silences: OutageLog;
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(cluster: Cluster, now: () => number) {
    this.cluster = cluster;
    this.now = now;
    this.#outages = new OutageLog(now);
    this.#silences = new OutageLog(now);
    this.#watch = setInterval(() => this.#lookForDead(), WATCH_EVERY_MS);
  }

  /** While nobody could have come in, sent and received. */
  get outages(): readonly Outage[] {
    return this.#outages.past;
  }

  /** While no call could have rung, been ended or its end been heard: without the gateway, all signaling nodes, most of NATS, Redis or the database. */
  get silences(): readonly Outage[] {
    return this.#silences.past;
  }

  /** Those that were killed without a word. */
  get killed(): readonly Ending[] {
    return this.ended.filter(({ signal }) => signal === 'SIGKILL');
  }

  async kill(child: Child, signal: Ending['signal'] = 'SIGKILL'): Promise<void> {
    this.ended.push({ name: child.name, at: this.now(), signal });
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
    const { gateway, auth, chat, signaling, nats, redis, database } = this.cluster;
    const here = (child: Child): boolean => !this.#away.has(child);
    const carries =
      here(gateway) &&
      signaling.some(here) &&
      nats.filter(here).length * 2 > nats.length &&
      redis.every(here) &&
      (database === undefined || here(database));
    this.#silences.now(carries, what);
    this.#outages.now(carries && auth.some(here) && chat.some(here), what);
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
