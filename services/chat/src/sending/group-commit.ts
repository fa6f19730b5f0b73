import type { Clock } from '@switchboard/ports';
import { unavailable } from '@switchboard/protocol';
import { BoundedMap } from '../bounded-map.ts';
import type { InsertOutcome } from '../store/message-inserts.ts';
import type { MessageDoc } from '../store/message-model.ts';
import type { Draft, MessageLog, Stored, Tail } from './draft.ts';
import { Lane, type Pending, placed } from './lane.ts';

export interface GroupCommitDeps {
  readonly log: MessageLog;
  readonly clock: Clock;
  /** Messages in one round, over all conversations. */
  readonly maxBatch: number;
  /** Messages that may wait or be in hand; beyond, a send is refused. */
  readonly maxQueue: number;
  /** Conversations whose newest seq is remembered. */
  readonly maxTails: number;
  readonly giveUpMs: number;
  /** Called after the acks, in order of seq per conversation. Must not throw. */
  readonly onCommitted: (docs: readonly MessageDoc[]) => void;
}

export interface GroupCommit {
  /**
   * Resolves once the message is stored with majority and journal. Rejects with a retryable SERVICE_UNAVAILABLE, after which it is unknown whether it
   * is (or will be) stored. `since`: when it was asked for, epoch ms; the time to give up runs from there, so that whoever gave up in the meantime and sent
   * others is not overtaken by it.
   */
  submit(draft: Draft, since?: number): Promise<Stored>;
  readonly queued: number;
  /** Refuses new messages; resolves when none is left in hand. */
  close(): Promise<void>;
}

/** Conversations that may place several messages in one round; the others place one each. Bounds the parallel inserts. */
const MAX_RUNS = 8;

interface Run {
  readonly lane: Lane;
  readonly entries: readonly Pending[];
  readonly docs: readonly MessageDoc[];
}

/**
 * Gives messages their places and stores them in batches.
 *
 * A seq is allocated by inserting: propose the one behind the newest message known, and if the unique index says that another node was first, look
 * where the end is now and propose again. So that no hole can arise:
 *  - a place is proposed only behind a message that a majority holds (our own acknowledged one, or one read back so). A message merely seen in a
 *    duplicate-key error might be rolled back in a fail-over, and leave a hole below ours;
 *  - messages of one conversation travel in an *ordered* insertMany, which stops at the first refusal: were 6 stored although 5 was refused for its
 *    clientMessageId, 5 would stay empty. Messages that are alone in their conversation share one unordered insertMany, where one's
 *    refusal does not hold up the others. So a tick is one insertMany, and one more for each conversation that is busy just then;
 *  - when the outcome is unknown, the newest seq is, too, and is read again. A lost batch that arrives late finds its first place taken and stops.
 *
 * There is no timer: a round takes whatever came in while the one before was being stored.
 */
export function createGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const { log, clock } = deps;
  const lanes = new Map<string, Lane>();
  const tails = new BoundedMap<string, Tail>(deps.maxTails);
  const idle: (() => void)[] = [];
  let queued = 0;
  let flushing = false;
  let closing = false;

  function settle(pending: Pending, outcome: { stored: Stored } | { error: unknown }): void {
    queued -= 1;
    if ('stored' in outcome) pending.resolve(outcome.stored);
    else pending.reject(outcome.error);
    noticeIdle();
  }

  function noticeIdle(): void {
    if (queued === 0) for (const resolve of idle.splice(0)) resolve();
  }

  function schedule(): void {
    if (flushing) return;
    flushing = true;
    setImmediate(() => void flush());
  }

  async function flush(): Promise<void> {
    try {
      for (let runs = takeRuns(); runs.length > 0; runs = takeRuns()) {
        const alone = runs.filter((run) => run.docs.length === 1);
        const busy = runs.filter((run) => run.docs.length > 1);
        await Promise.all([storeAlone(alone), ...busy.map(storeRun)]);
      }
    } finally {
      flushing = false;
    }
  }

  function takeRuns(): Run[] {
    const now = clock.now();
    const runs: Run[] = [];
    let room = deps.maxBatch;
    let busy = 0;
    for (const lane of [...lanes.values()]) {
      if (room === 0) break;
      queued -= lane.expire(now);
      if (!lane.tail || lane.warming || lane.length === 0) {
        release(lane);
        continue;
      }
      const entries = lane.take(busy < MAX_RUNS ? room : 1);
      if (entries.length > 1) busy += 1;
      room -= entries.length;
      const drafts = entries.map(({ draft }) => draft);
      runs.push({ lane, entries, docs: placed(drafts, lane.tail, now) });
      // To the end of the line, so that a busy conversation does not crowd the others out of the next round.
      lanes.delete(lane.conversationId);
      lanes.set(lane.conversationId, lane);
    }
    noticeIdle();
    return runs;
  }

  async function storeAlone(runs: readonly Run[]): Promise<void> {
    if (runs.length === 0) return;
    const outcomes = await log.insert(
      runs.flatMap((run) => run.docs),
      false,
    );
    const committed = runs.flatMap((run, index) => conclude(run, outcomes.slice(index, index + 1)));
    deps.onCommitted(committed);
  }

  async function storeRun(run: Run): Promise<void> {
    const outcomes = await log.insert(run.docs, true);
    deps.onCommitted(conclude(run, outcomes, await repeatsBehind(run, outcomes)));
  }

  /**
   * Whoever repeats one message has often lost the answers to a whole batch, and each repeat would end a round of its own: the others of that sender behind it are
   * looked up together.
   */
  async function repeatsBehind(
    { entries }: Run,
    outcomes: readonly InsertOutcome[],
  ): Promise<ReadonlyMap<Pending, MessageDoc>> {
    const at = outcomes.findIndex(
      (outcome) => outcome.kind === 'duplicate' && outcome.of === 'clientMessage',
    );
    const senderId = entries[at]?.draft.sender.id;
    const behind = new Map<string, Pending>();
    for (const entry of entries.slice(at + 1)) {
      const { sender, clientMessageId } = entry.draft;
      if (sender.id === senderId && clientMessageId !== undefined) behind.set(clientMessageId, entry);
    }
    if (senderId === undefined || behind.size === 0) return new Map();
    const docs = await log.byClientMessages(senderId, [...behind.keys()]).catch(() => []);
    return new Map(
      docs.flatMap((doc) => {
        const entry = doc.clientMessageId === undefined ? undefined : behind.get(doc.clientMessageId);
        return entry ? [[entry, doc] as const] : [];
      }),
    );
  }

  /** Answers the senders of a run as far as it came and puts the rest back; returns what was stored. */
  function conclude(
    run: Run,
    outcomes: readonly InsertOutcome[],
    repeats: ReadonlyMap<Pending, MessageDoc> = new Map(),
  ): MessageDoc[] {
    const { lane, entries, docs } = run;
    const committed: MessageDoc[] = [];
    const again: Pending[] = [];
    entries.forEach((entry, index) => {
      const outcome = outcomes[index] ?? { kind: 'skipped' };
      const doc = docs[index];
      const repeated = outcome.kind === 'skipped' ? repeats.get(entry) : undefined;
      if (outcome.kind === 'stored' && doc) {
        lane.tail = { seq: doc.seq, at: doc.createdAt.getTime() };
        lane.losses = 0;
        committed.push(doc);
        settle(entry, { stored: { doc, duplicate: false } });
      } else if (outcome.kind === 'unknown') {
        lane.tail = undefined;
        settle(entry, { error: unavailable('The message store', outcome.cause) });
      } else if (outcome.kind === 'duplicate' && outcome.of !== 'seq') {
        void answerFromStore(entry, outcome.of);
      } else if (repeated) {
        settle(entry, { stored: { doc: repeated, duplicate: repeated._id !== entry.draft._id } });
      } else {
        if (outcome.kind === 'duplicate') {
          lane.tail = undefined;
          lane.losses += 1;
        }
        again.push(entry);
      }
    });
    lane.putBack(again);
    release(lane);
    return committed;
  }

  /** Lets an empty lane go, remembering its end; one that does not know its end looks it up. */
  function release(lane: Lane): void {
    if (lane.length === 0 && !lane.warming) {
      lanes.delete(lane.conversationId);
      if (lane.tail) tails.set(lane.conversationId, lane.tail);
      else tails.delete(lane.conversationId);
    } else if (!lane.tail && !lane.warming) {
      void warm(lane);
    }
  }

  async function warm(lane: Lane): Promise<void> {
    lane.warming = true;
    try {
      // The node that won places its next batch at once; after repeated losses, step aside a little instead of racing it in lockstep.
      if (lane.losses > 1) await pause(Math.min(lane.losses, 20) * Math.random());
      lane.tail = await log.tail(lane.conversationId);
    } catch (error) {
      queued -= lane.rejectAll(unavailable('The message store', error));
      noticeIdle();
    } finally {
      lane.warming = false;
    }
    if (lane.length === 0) release(lane);
    schedule();
  }

  /** A message of this sender under this clientMessageId exists; it is an ack only once a majority holds it. */
  async function answerFromStore(entry: Pending, of: 'clientMessage' | 'id'): Promise<void> {
    const { _id, sender, clientMessageId } = entry.draft;
    try {
      do {
        const doc =
          of === 'clientMessage' && clientMessageId !== undefined
            ? await log.byClientMessage(sender.id, clientMessageId)
            : await log.byId(_id);
        if (doc) return settle(entry, { stored: { doc, duplicate: doc._id !== _id } });
        await pause(5);
      } while (clock.now() < entry.giveUpAt);
      settle(entry, { error: unavailable('The message store') });
    } catch (error) {
      settle(entry, { error: unavailable('The message store', error) });
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => void clock.after(ms, resolve));
  }

  return {
    get queued() {
      return queued;
    },

    submit(draft, since = clock.now()) {
      const giveUpAt = since + deps.giveUpMs;
      if (closing || queued >= deps.maxQueue || giveUpAt <= clock.now()) {
        return Promise.reject(unavailable('The message store'));
      }
      queued += 1;
      return new Promise((resolve, reject) => {
        const lane = lanes.get(draft.conversationId) ?? open(draft.conversationId);
        lane.push({ draft, giveUpAt, resolve, reject });
        if (lane.tail) schedule();
        else if (!lane.warming) void warm(lane);
      });
    },

    close() {
      closing = true;
      if (queued === 0) return Promise.resolve();
      return new Promise((resolve) => idle.push(resolve));
    },
  };

  function open(conversationId: string): Lane {
    const lane = new Lane(conversationId, tails.get(conversationId));
    lanes.set(conversationId, lane);
    return lane;
  }
}
