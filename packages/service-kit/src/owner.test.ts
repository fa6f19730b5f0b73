import { describe, expect, it } from 'vitest';
import { createOwner } from './owner.ts';

describe('an owner', () => {
  it('closes its parts in reverse order, once, and throws the first failure after all are closed', async () => {
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
});
