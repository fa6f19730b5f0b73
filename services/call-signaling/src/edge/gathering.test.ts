import { describe, expect, it } from 'vitest';
import { createGathering, type GatheringOptions } from './gathering.ts';

interface Parcel {
  readonly items: readonly string[];
  answer(answers?: readonly string[]): void;
  fail(error: Error): void;
}

/** Parcels wait until they are answered by hand; an item weighs as many bytes as it has characters. */
function gathering(more: Partial<GatheringOptions<string, string>> = {}) {
  const parcels: Parcel[] = [];
  let idle = 0;
  const queue = createGathering<string, string>({
    maxItems: 3,
    maxBytes: 10,
    bytesOf: (item) => item.length,
    carry: (items) =>
      new Promise((resolve, reject) => {
        parcels.push({ items, answer: (answers = items) => resolve(answers), fail: reject });
      }),
    onIdle: () => {
      idle += 1;
    },
    ...more,
  });
  const last = () => parcels.at(-1) as Parcel;
  return { add: (item: string) => queue.add(item), parcels, last, idle: () => idle };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('gathering', () => {
  it('sends the first at once and alone, and what came meanwhile together', async () => {
    const { add, parcels, last, idle } = gathering();
    const answers = ['a', 'b', 'c'].map((item) => add(item));
    expect(parcels.map(({ items }) => items)).toEqual([['a']]);
    last().answer(['A']);
    await turn();
    expect(last().items).toEqual(['b', 'c']);
    expect(idle()).toBe(0);
    last().answer(['B', 'C']);
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C']);
    await turn();
    expect(idle()).toBe(1);
    const next = add('d');
    expect(last().items).toEqual(['d']);
    last().answer();
    expect(await next).toBe('d');
  });

  it.each([
    [
      'so many items',
      ['a', 'b', 'c', 'd', 'e'],
      [
        ['a', 'b', 'c'],
        ['d', 'e'],
      ],
    ],
    [
      'so many bytes',
      ['aaaa', 'bbbb', 'cccc', 'dddd'],
      [
        ['aaaa', 'bbbb'],
        ['cccc', 'dddd'],
      ],
    ],
    ['one that is too big by itself', ['a', 'x'.repeat(11), 'b'], [['a'], ['x'.repeat(11)], ['b']]],
  ])('puts no more into a parcel than %s', async (_what, items, expected) => {
    const { add, parcels, last } = gathering();
    const all = ['first', ...items].map((item) => add(item));
    for (let answered = 0; answered < parcels.length; answered += 1) {
      last().answer();
      await turn();
    }
    expect(parcels.slice(1).map(({ items }) => items)).toEqual(expected);
    expect(await Promise.all(all)).toEqual(['first', ...items]);
  });

  it('goes on after a parcel that failed, which fails all of that parcel and nobody else', async () => {
    const { add, last } = gathering();
    const all = Promise.allSettled(['a', 'b', 'c'].map((item) => add(item)));
    last().answer();
    await turn();
    const behind = add('d');
    last().fail(new Error('lost'));
    await turn();
    expect(last().items).toEqual(['d']);
    last().answer();
    expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await behind).toBe('d');
  });

  it('believes no answers when there is not one for each', async () => {
    const { add, last } = gathering();
    const all = ['a', 'b', 'c'].map((item) => add(item));
    last().answer();
    await turn();
    last().answer(['b']);
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ]);
  });
});
