import type { Requests } from '../connection/requests.ts';
import { asSwitchboardError, type SwitchboardError } from '../errors.ts';
import { quietTimer } from '../timing.ts';
import type { ConversationSummary, Message } from '../wire.ts';
import { Timeline } from './timeline.ts';

export interface TimelinesOptions {
  readonly deliver: (message: Message) => void;
  readonly failed: (error: SwitchboardError) => void;
  /** How long a gap may stand before it is asked for: mostly its message is on its way. */
  readonly patienceMs: number;
}

/** As many as one page of `chat.conversations` and of `chat.sync` holds. */
export const PAGE = 200;
/** A repair that brought nothing though there should be something is tried again, not for ever. */
const MAX_EMPTY = 5;
const EMPTY_PAUSE_MS = 500;

/**
 * Follows all conversations of the user. Where it begins in one is decided once:
 *
 * | the conversation                                   | delivered is                             |
 * |----------------------------------------------------|------------------------------------------|
 * | had a position given by the application            | everything after that                    |
 * | was in the list when first connected               | everything after what it held then       |
 * | was not, and the list was complete                 | everything: it began since               |
 * | was not, and the list was a full page; or a room   | everything from the first that arrived   |
 *
 * After each reconnect the list says which conversations have moved on, and those are repaired.
 */
export class Timelines {
  readonly #requests: Requests;
  readonly #options: TimelinesOptions;
  readonly #timelines = new Map<string, Timeline>();
  readonly #repairing = new Map<Timeline, Promise<void>>();
  readonly #waiting = new Map<Timeline, () => void>();
  /** A list has been seen; `complete`: it held every conversation there was. */
  #listed: { readonly complete: boolean } | undefined;

  constructor(
    requests: Requests,
    options: TimelinesOptions,
    positions: Readonly<Record<string, number>> = {},
  ) {
    this.#requests = requests;
    this.#options = options;
    for (const [id, position] of Object.entries(positions)) this.#make(id, position);
  }

  positions(): Record<string, number> {
    const known = [...this.#timelines.values()].filter((timeline) => timeline.position !== undefined);
    return Object.fromEntries(known.map((timeline) => [timeline.id, timeline.position ?? 0]));
  }

  accept(message: Message): void {
    const { conversationId, seq } = message;
    let timeline = this.#timelines.get(conversationId);
    if (!timeline) {
      timeline = this.#make(conversationId, undefined);
      if (this.#listed) timeline.begin(this.#beginOfUnlisted(timeline, seq));
    }
    timeline.accept(message);
    if (timeline.behind) this.#repairSoon(timeline);
  }

  /** Follows one conversation from here on, such as a room that was entered. */
  follow(id: string, lastSeq: number): void {
    const timeline = this.#timelines.get(id) ?? this.#make(id, undefined);
    timeline.learn(lastSeq);
    timeline.begin(lastSeq);
    if (timeline.behind) void this.repair(timeline.id);
  }

  /** Forgets a conversation: what arrives in it later begins anew. */
  forget(id: string): void {
    const timeline = this.#timelines.get(id);
    if (!timeline) return;
    this.#timelines.delete(id);
    this.#waiting.get(timeline)?.();
    this.#waiting.delete(timeline);
  }

  /** Takes the list, as it was after (re)connecting. Resolves when everything missed was delivered. */
  async catchUp(list: readonly ConversationSummary[]): Promise<void> {
    const complete = list.length < PAGE;
    const first = this.#listed === undefined;
    const before = this.#listed?.complete ?? false;
    this.#listed = { complete };
    for (const summary of list) {
      let timeline = this.#timelines.get(summary.id);
      if (!timeline) {
        // Rooms are followed by whoever is in them.
        if (summary.kind === 'room') continue;
        timeline = this.#make(summary.id, undefined);
        const beganSince = !first && before;
        timeline.begin(beganSince ? 0 : summary.lastSeq);
      }
      timeline.begin(summary.lastSeq);
      timeline.learn(summary.lastSeq);
    }
    const listed = new Set<string>(list.map((summary) => summary.id));
    for (const timeline of this.#timelines.values()) {
      if (listed.has(timeline.id)) continue;
      if (timeline.position === undefined) timeline.begin(this.#beginOfUnlisted(timeline));
    }
    const unsure = [...this.#timelines.values()].filter(
      (timeline) => timeline.behind || (!listed.has(timeline.id) && !complete),
    );
    await Promise.all(unsure.map((timeline) => this.repair(timeline.id)));
  }

  #beginOfUnlisted(timeline: Timeline, firstSeq = Number.POSITIVE_INFINITY): number {
    const began = this.#listed?.complete === true && timeline.id.startsWith('d:');
    return began ? 0 : firstSeq - 1;
  }

  #make(id: string, position: number | undefined): Timeline {
    const timeline = new Timeline(id, this.#options.deliver, position);
    this.#timelines.set(id, timeline);
    return timeline;
  }

  #repairSoon(timeline: Timeline): void {
    if (this.#waiting.has(timeline) || this.#repairing.has(timeline)) return;
    const stop = quietTimer(this.#options.patienceMs, () => {
      this.#waiting.delete(timeline);
      if (timeline.behind) void this.repair(timeline.id);
    });
    this.#waiting.set(timeline, stop);
  }

  /** Asks for what is missing, page by page. One repair of a conversation at a time; never rejects. */
  repair(id: string): Promise<void> {
    const timeline = this.#timelines.get(id);
    if (!timeline || timeline.position === undefined) return Promise.resolve();
    const running = this.#repairing.get(timeline);
    if (running) return running;
    const repair = this.#close(timeline)
      .catch((error: unknown) => this.#giveUp(timeline, asSwitchboardError(error)))
      .finally(() => this.#repairing.delete(timeline));
    this.#repairing.set(timeline, repair);
    return repair;
  }

  async #close(timeline: Timeline): Promise<void> {
    for (let empty = 0; this.#timelines.get(timeline.id) === timeline; ) {
      const after = timeline.position ?? 0;
      const page = await this.#requests.ask(
        'chat.sync',
        { conversationId: timeline.id, after, limit: PAGE },
        { deadlineMs: Number.POSITIVE_INFINITY },
      );
      if (this.#timelines.get(timeline.id) !== timeline) return;
      for (const message of page.messages) timeline.accept(message);
      const moved = (timeline.position ?? 0) > after;
      if (!page.more && !timeline.behind) return;
      if (moved) empty = 0;
      else {
        empty += 1;
        if (empty > MAX_EMPTY) return;
        await new Promise((resolve) => setTimeout(resolve, EMPTY_PAUSE_MS));
      }
    }
  }

  /** Refused for good: not ours to read any more. After a fault the next arrival or the next reconnect tries again. */
  #giveUp(timeline: Timeline, error: SwitchboardError): void {
    if (error.code === 'CLOSED' || error.code === 'NOT_SIGNED_IN') return;
    if (error.code !== 'INTERNAL') this.forget(timeline.id);
    this.#options.failed(error);
  }
}
