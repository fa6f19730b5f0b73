import { describe, expect, it } from 'vitest';
import { collect, createOwner } from './owner.ts';

describe('an owner', () => {
  it('closes its parts in reverse order, once, and throws what failed after all are closed', async () => {
    const closed: string[] = [];
    const owner = createOwner();
    owner.own({ [Symbol.asyncDispose]: async () => void closed.push('first') });
    owner.defer(() => {
      throw new Error('second would not close');
    });
    owner.defer(async () => void closed.push('third'));
    await expect(owner[Symbol.asyncDispose]()).rejects.toThrow('second would not close');
    expect(closed).toEqual(['third', 'first']);
    await owner[Symbol.asyncDispose]();
    expect(closed).toHaveLength(2);
  });

  it('tells of every part that would not close', async () => {
    const owner = createOwner();
    for (const name of ['one', 'two']) {
      owner.defer(() => {
        throw new Error(name);
      });
    }
    await expect(owner[Symbol.asyncDispose]()).rejects.toMatchObject({
      errors: [{ message: 'two' }, { message: 'one' }],
    });
  });

  it('closes what was started when a later start fails', async () => {
    const closed: string[] = [];
    const started = collect(async (owner) => {
      owner.defer(() => void closed.push('first'));
      throw new Error('second would not start');
    });
    await expect(started).rejects.toThrow('second would not start');
    expect(closed).toEqual(['first']);
  });
});
