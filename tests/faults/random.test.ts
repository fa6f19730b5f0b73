import { expect, it } from 'vitest';
import { seededRows } from './random.ts';

const ten = (row: () => number): number[] => Array.from({ length: 10 }, row);

it('gives each name its own row, which only the seed changes', () => {
  const rows = seededRows(1);
  const [one, two] = [rows('one'), rows('two')];
  const mixed = Array.from({ length: 10 }, () => [one(), two()]);
  expect(mixed.map(([value]) => value)).toEqual(ten(seededRows(1)('one')));
  expect(mixed.map(([, value]) => value)).toEqual(ten(seededRows(1)('two')));
  expect(ten(rows('one'))).not.toEqual(ten(rows('two')));
  expect(ten(rows('one'))).not.toEqual(ten(seededRows(2)('one')));
});
