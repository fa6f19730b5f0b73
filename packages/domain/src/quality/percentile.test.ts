import { describe, expect, it } from 'vitest';
import { percentile } from './percentile.ts';

describe('a percentile', () => {
  it.each<[number[], number, number | undefined]>([
    [[], 0.5, undefined],
    [[7], 0.1, 7],
    [[7], 0.95, 7],
    [[1, 2], 0.5, 1.5],
    [[1, 2, 3], 0.5, 2],
    [[1, 2, 3, 4], 0.5, 2.5],
    [[0, 10, 20, 30, 40], 0.1, 4],
    [[0, 10, 20, 30, 40], 0.95, 38],
    [[0, 10, 20, 30, 40], 0, 0],
    [[0, 10, 20, 30, 40], 1, 40],
  ])('of %j at %d is %s', (values, share, expected) => {
    const found = percentile(values, share);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toBeCloseTo(expected, 9);
  });
});
