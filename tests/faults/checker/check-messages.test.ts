import { describe, expect, it } from 'vitest';
import type { Entry, Kind } from '../log/entry.ts';
import {
  checkMessages,
  type MessageFindings,
  type MessageScene,
  type StoredMessage,
} from './check-messages.ts';

const ALICE = 0;
const BOB = 1;

function entry(kind: Kind, at: number, key: number, more: Partial<Entry> = {}): Entry {
  return { kind, at, who: ALICE, conversation: 0, key, id: '', seq: 0, note: 0, ...more };
}

const stored = (...keys: number[]): StoredMessage[] =>
  keys.map((key, at) => ({ id: `m${key}`, seq: at + 1, key }));

/** Alice sends 1, 2, 3, each after the acknowledgement of the one before; Bob hears all. */
function rightRun(): { log: Entry[]; messages: StoredMessage[] } {
  const log = [1, 2, 3].flatMap((key) => [
    entry('invoke', key * 10, key),
    entry('ok', key * 10 + 2, key, { id: `m${key}`, seq: key }),
    entry('deliver', key * 10 + 3, key, { who: BOB, id: `m${key}`, seq: key, note: 1 }),
  ]);
  return { log, messages: stored(1, 2, 3) };
}

const WRONG = ['lost', 'duplicated', 'disagreeing', 'reordered', 'gaps', 'phantom'] as const;
const wrong = (findings: MessageFindings) =>
  Object.fromEntries(WRONG.flatMap((what) => (findings[what] > 0 ? [[what, findings[what]]] : [])));

const follow: MessageScene = {
  followers: new Map([
    [ALICE, [0]],
    [BOB, [0]],
  ]),
  vocabularyOf: (who) => (who === ALICE ? 'native' : 'expo'),
  swept: [],
};

describe('the messages of a run', () => {
  it('finds nothing wrong where nothing is, and counts', () => {
    const { log, messages } = rightRun();
    const findings = checkMessages(log, new Map([[0, messages]]), follow);
    expect(wrong(findings)).toEqual({});
    expect(findings).toMatchObject({ acked: 3, stored: 3, delivered: 3, maxAckStallMs: 2, outOfTurn: 0 });
    expect(findings.deliveredLate).toEqual({ expo: 0 });
  });

  it('accepts a retry that finds what the unheard attempt stored, and a message nobody heard of again', () => {
    const { log, messages } = rightRun();
    log.push(
      entry('invoke', 40, 4),
      entry('unknown', 45, 4),
      entry('invoke', 46, 4),
      entry('ok', 60, 4, { id: 'm4', seq: 4, note: 1 }),
      entry('repair', 61, 4, { who: BOB, id: 'm4', seq: 4, note: 2 }),
      entry('invoke', 70, 5),
      entry('unknown', 75, 5),
    );
    const findings = checkMessages(log, new Map([[0, [...messages, { id: 'm4', seq: 4, key: 4 }]]]), follow);
    expect(wrong(findings)).toEqual({});
    expect(findings).toMatchObject({ acked: 4, storedUnheard: 1, maxAckStallMs: 20 });
  });

  const cases: readonly {
    what: string;
    change: (run: { log: Entry[]; messages: StoredMessage[]; strays: StoredMessage[] }) => void;
    finds: Partial<Record<(typeof WRONG)[number], number>>;
  }[] = [
    {
      what: 'an acknowledged message that is not there',
      change: ({ log, messages }) => {
        messages.pop();
        log.pop();
      },
      finds: { lost: 1 },
    },
    {
      what: 'an acknowledged message that is another one',
      change: ({ log, messages }) => {
        messages[2] = { id: 'm3', seq: 3, key: 9 };
        log.push(entry('invoke', 50, 9), entry('unknown', 51, 9));
        log.splice(8, 1);
        log.push(entry('repair', 60, 9, { who: BOB, id: 'm3', seq: 3 }));
      },
      finds: { lost: 1 },
    },
    {
      what: 'a message stored twice',
      change: ({ log, messages }) => {
        messages.push({ id: 'again', seq: 4, key: 3 });
        for (const who of [ALICE, BOB]) log.push(entry('repair', 60, 3, { who, id: 'again', seq: 4 }));
      },
      finds: { duplicated: 1 },
    },
    {
      what: 'a repeat acknowledged as another message',
      change: ({ log }) => log.push(entry('ok', 60, 3, { id: 'other', seq: 9 })),
      finds: { disagreeing: 1 },
    },
    {
      what: 'a repeat acknowledged at another place',
      change: ({ log }) => log.push(entry('ok', 60, 3, { id: 'm3', seq: 4 })),
      finds: { disagreeing: 1 },
    },
    {
      what: 'a message acknowledged at a place where it is not',
      change: ({ log }) => {
        log[7] = entry('ok', 32, 3, { id: 'm3', seq: 7 });
      },
      finds: { disagreeing: 1 },
    },
    {
      what: 'messages stored against the order of their sending',
      change: ({ log, messages }) => {
        messages.splice(
          0,
          3,
          { id: 'm2', seq: 1, key: 2 },
          { id: 'm1', seq: 2, key: 1 },
          { id: 'm3', seq: 3, key: 3 },
        );
        log[1] = entry('ok', 12, 1, { id: 'm1', seq: 2 });
        log[2] = entry('deliver', 13, 1, { who: BOB, id: 'm1', seq: 2 });
        log[4] = entry('ok', 22, 2, { id: 'm2', seq: 1 });
        log[5] = entry('deliver', 23, 2, { who: BOB, id: 'm2', seq: 1 });
      },
      finds: { reordered: 1 },
    },
    {
      what: 'a list that is not in order',
      change: ({ messages }) => messages.reverse(),
      finds: { gaps: 2, reordered: 2 },
    },
    {
      what: 'a hole in the numbers',
      change: ({ log, messages }) => {
        messages[2] = { id: 'm3', seq: 4, key: 3 };
        log[7] = entry('ok', 32, 3, { id: 'm3', seq: 4 });
        log[8] = entry('deliver', 33, 3, { who: BOB, id: 'm3', seq: 4 });
      },
      finds: { gaps: 1 },
    },
    {
      what: 'a message that a client never saw though it asked',
      change: ({ log }) => log.splice(5, 1),
      finds: { gaps: 1 },
    },
    {
      what: 'a stored message that nobody sent',
      change: ({ log, messages }) => {
        messages.push({ id: 'm9', seq: 4, key: 9 });
        for (const who of [ALICE, BOB]) log.push(entry('repair', 60, 9, { who, id: 'm9', seq: 4 }));
      },
      finds: { phantom: 1 },
    },
    {
      what: 'a message in a conversation that no client knows, though it was sent to another',
      change: ({ log, strays }) => {
        strays.push({ id: 'm4', seq: 1, key: 4 });
        log.push(entry('invoke', 50, 4), entry('unknown', 51, 4));
      },
      finds: { phantom: 1, reordered: 1 },
    },
    {
      what: 'a message stored once more in a conversation that no client knows',
      change: ({ strays }) => strays.push({ id: 'again', seq: 1, key: 3 }),
      finds: { duplicated: 1 },
    },
    {
      what: 'two messages of one number',
      change: ({ log, messages }) => {
        messages.push({ id: 'm4', seq: 3, key: 4 });
        log.push(entry('invoke', 50, 4), entry('unknown', 51, 4));
      },
      finds: { reordered: 2 },
    },
    {
      what: 'a stored message that was refused',
      change: ({ log, messages }) => {
        messages.push({ id: 'm4', seq: 4, key: 4 });
        log.push(entry('invoke', 50, 4), entry('fail', 51, 4));
        for (const who of [ALICE, BOB]) log.push(entry('repair', 60, 4, { who, id: 'm4', seq: 4 }));
      },
      finds: { phantom: 1 },
    },
    {
      what: 'a delivery of what is not stored',
      change: ({ log }) => log.push(entry('deliver', 50, 9, { who: BOB, id: 'm9', seq: 4 })),
      finds: { phantom: 1 },
    },
    {
      what: 'a delivery at another place than where it is stored',
      change: ({ log }) => log.push(entry('deliver', 50, 3, { who: BOB, id: 'm3', seq: 5 })),
      finds: { phantom: 1 },
    },
    {
      what: 'a delivery in a conversation to which the message does not belong',
      change: ({ log }) => log.push(entry('deliver', 50, 3, { who: BOB, id: 'm3', seq: 3, conversation: 7 })),
      finds: { phantom: 1 },
    },
    {
      what: 'an acknowledgement of what was never sent',
      change: ({ log }) => log.push(entry('ok', 50, 9, { id: 'm9', seq: 4 })),
      finds: { phantom: 1 },
    },
  ];
  it.each(cases)('finds $what', ({ change, finds }) => {
    const run = { ...rightRun(), strays: [] };
    change(run);
    const stored = new Map([
      [0, run.messages],
      [-1, run.strays],
    ]);
    const findings = checkMessages(run.log, stored, follow);
    expect(wrong(findings)).toEqual(finds);
    expect(findings.examples.length).toBeGreaterThan(0);
  });

  it('counts what came late or again, and tells what should have come in turn', () => {
    const { log, messages } = rightRun();
    const [second, third] = [log.splice(5, 1)[0], log.at(-1)];
    if (second && third) log.push({ ...second, at: 20_000 }, { ...third, at: 20_001 });
    const check = (scene: MessageScene) => checkMessages(log, new Map([[0, messages]]), scene);
    expect(wrong(check(follow))).toEqual({});
    expect(check(follow)).toMatchObject({ deliveredLate: { expo: 1 }, deliveredAgain: 1, outOfTurn: 1 });
    expect(check(follow).examples).toEqual([expect.stringContaining('(expo) heard 0/2')]);
    const swept = (from: number, to: number) =>
      check({ ...follow, swept: [{ what: 'chat-kill', from, to }] });
    // Sent at 20 and acknowledged at 22: what counts is what was whole when its event was published.
    expect(swept(10, 11)).toMatchObject({ deliveredLate: { expo: 1 }, outOfTurn: 0, examples: [] });
    expect(swept(8_000, 11_000)).toMatchObject({ outOfTurn: 0 });
    expect(swept(8_100, 11_000)).toMatchObject({ outOfTurn: 1 });
    expect(swept(-4_000, -2_900)).toMatchObject({ outOfTurn: 0 });
    expect(swept(-4_000, -3_000)).toMatchObject({ outOfTurn: 1 });
    expect(swept(19_000, 21_000)).toMatchObject({ outOfTurn: 1 });
  });

  it('takes nothing amiss in messages of two senders that cross', () => {
    const { log, messages } = rightRun();
    // The second is another one's.
    for (const at of [3, 4]) {
      const one = log[at];
      if (one) log[at] = { ...one, who: 2 };
    }
    const [second] = log.splice(5, 1);
    if (second) log.push({ ...second, at: 40 });
    expect(checkMessages(log, new Map([[0, messages]]), follow)).toMatchObject({
      deliveredLate: { expo: 1 },
      outOfTurn: 0,
    });
  });
});
