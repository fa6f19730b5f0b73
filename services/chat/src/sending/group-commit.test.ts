import { systemClock } from '@switchboard/service-kit';
import { describe, expect, it } from 'vitest';
import type { InsertOutcome } from '../store/message-inserts.ts';
import type { MessageDoc } from '../store/message-model.ts';
import type { Draft, MessageLog } from './draft.ts';
import { createGroupCommit } from './group-commit.ts';

/** Repeatable pseudo-random numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A collection with the two unique indexes, and faults on demand. */
class FakeCollection {
  readonly docs: MessageDoc[] = [];
  readonly inserts: { size: number; ordered: boolean }[] = [];

  async write(
    docs: readonly MessageDoc[],
    ordered: boolean,
    stopAfter = docs.length,
  ): Promise<InsertOutcome[]> {
    const outcomes: InsertOutcome[] = [];
    let stopped = false;
    for (const doc of docs.slice(0, stopAfter)) {
      // Not atomic as a whole: others write in between.
      await turn();
      const outcome = stopped ? ({ kind: 'skipped' } as const) : this.#insert(doc);
      outcomes.push(outcome);
      if (outcome.kind === 'duplicate' && ordered) stopped = true;
    }
    return outcomes;
  }

  #insert(doc: MessageDoc): InsertOutcome {
    const repeat = this.docs.some(
      (each) =>
        doc.clientMessageId !== undefined &&
        each.sender.id === doc.sender.id &&
        each.clientMessageId === doc.clientMessageId,
    );
    if (repeat) return { kind: 'duplicate', of: 'clientMessage' };
    const taken = this.docs.some(
      (each) => each.conversationId === doc.conversationId && each.seq === doc.seq,
    );
    if (taken) return { kind: 'duplicate', of: 'seq' };
    this.docs.push(doc);
    return { kind: 'stored' };
  }

  log(
    faults: (docs: readonly MessageDoc[], ordered: boolean) => Promise<InsertOutcome[]> | undefined = () =>
      undefined,
  ): MessageLog {
    const { docs } = this;
    return {
      insert: async (batch, ordered) => {
        this.inserts.push({ size: batch.length, ordered });
        return (await faults(batch, ordered)) ?? this.write(batch, ordered);
      },
      tail: async (conversationId) => {
        await turn();
        const last = docs
          .filter((doc) => doc.conversationId === conversationId)
          .sort((a, b) => b.seq - a.seq)[0];
        return last ? { seq: last.seq, at: last.createdAt.getTime() } : { seq: 0, at: 0 };
      },
      byId: async (id) => docs.find((doc) => doc._id === id),
      byClientMessage: async (senderId, clientMessageId) =>
        docs.find((doc) => doc.sender.id === senderId && doc.clientMessageId === clientMessageId),
      byClientMessages: async (senderId, ids) =>
        docs.filter(
          ({ sender, clientMessageId: id }) => sender.id === senderId && id !== undefined && ids.includes(id),
        ),
    };
  }
}

let lastId = 0;
function draft(conversationId: string, clientMessageId?: string): Draft {
  lastId += 1;
  return {
    _id: `id-${lastId}`,
    conversationId,
    sender: { id: '1', username: 'u', name: 'U' },
    content: 'text',
    contentType: 'text',
    ...(clientMessageId === undefined ? {} : { clientMessageId }),
  };
}

function committer(log: MessageLog, more: Partial<Parameters<typeof createGroupCommit>[0]> = {}) {
  return createGroupCommit({
    log,
    clock: systemClock,
    maxBatch: 100,
    maxQueue: 1_000,
    maxTails: 3,
    giveUpMs: 2_000,
    onCommitted: () => undefined,
    ...more,
  });
}

describe('group commit', () => {
  it('stores what comes in one turn with one insert per busy conversation and one for the rest', async () => {
    const collection = new FakeCollection();
    const commits = committer(collection.log());
    await Promise.all(['d:1:2', 'd:1:3', 'd:1:4'].map((id) => commits.submit(draft(id))));
    collection.inserts.length = 0;
    await Promise.all(['d:1:2', 'd:1:3', 'd:1:4', 'd:1:4', 'd:1:4'].map((id) => commits.submit(draft(id))));
    expect(collection.inserts).toEqual([
      { size: 2, ordered: false },
      { size: 3, ordered: true },
    ]);
  });

  it('leaves no hole behind a repeat in the middle of a batch, and keeps the order', async () => {
    const collection = new FakeCollection();
    const commits = committer(collection.log());
    const first = await commits.submit(draft('d:1:2', 'a'));
    const stored = await Promise.all(
      [undefined, 'a', undefined, 'b', 'b', undefined].map((id) => commits.submit(draft('d:1:2', id))),
    );
    expect(stored.map(({ doc, duplicate }) => [doc.seq, duplicate])).toEqual([
      [2, false],
      [first.doc.seq, true],
      [3, false],
      [4, false],
      [4, true],
      [5, false],
    ]);
  });

  it('answers a whole batch that is repeated with a look at the database, not with a round for each', async () => {
    const collection = new FakeCollection();
    const ids = range(50).map((n) => `client-${n}`);
    const first = await Promise.all(ids.map((id) => committer(collection.log()).submit(draft('d:1:2', id))));
    const elsewhere = committer(collection.log());
    collection.inserts.length = 0;
    const again = await Promise.all(
      [...ids, undefined, 'new'].map((id) => elsewhere.submit(draft('d:1:2', id))),
    );
    expect(again.slice(0, 50).map(({ doc, duplicate }) => [doc._id, duplicate])).toEqual(
      first.map(({ doc }) => [doc._id, true]),
    );
    expect(again.slice(50).map(({ doc }) => doc.seq)).toEqual([51, 52]);
    expect(collection.inserts.length).toBeLessThanOrEqual(3);
  });

  it('stores nothing that was asked for longer ago than anybody waits for it', async () => {
    const collection = new FakeCollection();
    const commits = committer(collection.log(), { giveUpMs: 100 });
    await expect(commits.submit(draft('d:1:2'), Date.now() - 100)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(collection.docs).toEqual([]);
    expect(commits.queued).toBe(0);
  });

  it('refuses what exceeds the queue, and takes more once there is room', async () => {
    const collection = new FakeCollection();
    const commits = committer(collection.log(), { maxQueue: 5 });
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => commits.submit(draft('d:1:2'))));
    expect(results.map(({ status }) => status)).toEqual([
      ...Array(5).fill('fulfilled'),
      ...Array(3).fill('rejected'),
    ]);
    expect(results[7]).toMatchObject({ reason: { code: 'SERVICE_UNAVAILABLE', retryable: true } });
    expect(commits.queued).toBe(0);
    expect((await commits.submit(draft('d:1:2'))).doc.seq).toBe(6);
  });

  it('keeps batches within their bound', async () => {
    const collection = new FakeCollection();
    const commits = committer(collection.log(), { maxBatch: 7 });
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => commits.submit(draft(n % 3 ? 'd:1:2' : `d:1:${n + 3}`))),
    );
    expect(Math.max(...collection.inserts.map(({ size }) => size))).toBeLessThanOrEqual(7);
  });

  it('dates each message of a conversation later than the one before, also under a clock that stands still', async () => {
    const now = Date.now();
    const clock = { ...systemClock, now: () => now };
    const collection = new FakeCollection();
    const commits = committer(collection.log(), { clock });
    const stored = await Promise.all(Array.from({ length: 20 }, () => commits.submit(draft('d:1:2'))));
    const times = stored.map(({ doc }) => doc.createdAt.getTime());
    expect(times).toEqual(times.map((_, n) => now + n));
  });

  it('dates each message later than the one before, also behind one dated far ahead of the clock', async () => {
    const now = Date.now();
    const collection = new FakeCollection();
    const ahead = { ...systemClock, now: () => now + 60_000 };
    await committer(collection.log(), { clock: ahead }).submit(draft('d:1:2'));
    const commits = committer(collection.log(), { clock: { ...systemClock, now: () => now } });
    const stored = await Promise.all(range(5).map(() => commits.submit(draft('d:1:2'))));
    expect(stored.map(({ doc }) => doc.createdAt.getTime())).toEqual(range(5).map((n) => now + 60_000 + n));
  });

  it('finishes what it holds when it is closed, and takes no more', async () => {
    const collection = new FakeCollection();
    const commits = committer(collection.log());
    const sends = Array.from({ length: 10 }, () => commits.submit(draft('d:1:2')));
    await commits.close();
    expect(collection.docs).toHaveLength(10);
    await Promise.all(sends);
    await expect(commits.submit(draft('d:1:2'))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it.each(Array.from({ length: 25 }, (_, seed) => seed + 1))(
    'keeps its promises through lost replies, late batches and repeats on three nodes (seed %i)',
    async (seed) => {
      const random = seeded(seed);
      const collection = new FakeCollection();
      const late: Promise<unknown>[] = [];
      const unknown = (docs: readonly MessageDoc[]): InsertOutcome[] =>
        docs.map(() => ({ kind: 'unknown', cause: new Error('connection lost') }));
      const log = collection.log((docs, ordered) => {
        const fate = random();
        // The server did all or part of it, and the reply was lost.
        if (fate < 0.1) return collection.write(docs, ordered).then(() => unknown(docs));
        if (fate < 0.15 && ordered) {
          return collection.write(docs, true, Math.floor(random() * docs.length)).then(() => unknown(docs));
        }
        // The batch sits somewhere in the network and arrives long after the sender gave up on it.
        if (fate < 0.2) {
          const turns = Math.floor(random() * 50);
          late.push(
            (async () => {
              for (let n = 0; n < turns; n++) await turn();
              await collection.write(docs, ordered);
            })(),
          );
          return Promise.resolve(unknown(docs));
        }
        return undefined;
      });
      const nodes = [committer(log), committer(log, { maxTails: 1 }), committer(log, { maxBatch: 5 })];
      const conversations = ['d:1:2', 'd:1:3', 'r:9'];
      const acks: { id: string | undefined; doc: MessageDoc }[] = [];
      await Promise.all(
        Array.from({ length: 120 }, async (_, n) => {
          for (let wait = Math.floor(random() * 20); wait > 0; wait--) await turn();
          const conversation = conversations[Math.floor(random() * 3)] ?? 'd:1:2';
          const id = random() < 0.5 ? `client-${n % 40}` : undefined;
          for (let attempt = 0; attempt < 30; attempt++) {
            const node = nodes[Math.floor(random() * 3)];
            const stored = await node?.submit(draft(conversation, id)).catch(() => undefined);
            if (stored) {
              acks.push({ id, doc: stored.doc });
              return;
            }
            if (id === undefined) return;
          }
          throw new Error('never stored');
        }),
      );
      await Promise.all(late);

      for (const conversation of conversations) {
        const seqs = collection.docs
          .filter((doc) => doc.conversationId === conversation)
          .map(({ seq }) => seq);
        expect(seqs.sort((a, b) => a - b)).toEqual(seqs.map((_, n) => n + 1));
      }
      for (const { doc } of acks) {
        expect(collection.docs.find((each) => each._id === doc._id)).toMatchObject({ seq: doc.seq });
      }
      for (const id of new Set(acks.map((ack) => ack.id).filter((each) => each !== undefined))) {
        expect(new Set(acks.filter((ack) => ack.id === id).map(({ doc }) => doc._id)).size).toBe(1);
      }
    },
  );
});
