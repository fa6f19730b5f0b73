import { expect, it } from 'vitest';
import { together } from './together.ts';

it('gives all, in order', async () => {
  expect(await together([Promise.resolve(1), 'two', undefined])).toEqual([1, 'two', undefined]);
});

it('fails only when nothing is under way any more, and as the first of the list', async () => {
  const done: string[] = [];
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => done.push('slow'));
  await expect(
    together([slow, Promise.reject(new Error('first')), Promise.reject(new Error('second'))]),
  ).rejects.toThrow('first');
  expect(done).toEqual(['slow']);
});
