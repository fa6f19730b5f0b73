import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seededRows } from '../random.ts';
import { nextCall, nextWake } from './call-intents.ts';

it.each([
  ['calls', nextCall, ['hangup', 'reject', 'cancel', 'ring-out']],
  ['wakes', nextWake, ['cancel', 'ring-out']],
] as const)('intends the same %s of a seed, in time, and all that may become of them', (_, next, fates) => {
  const hundred = (seed: number) => {
    const row = seededRows(seed)('pair 0');
    return Array.from({ length: 100 }, () => next(row));
  };
  expect(hundred(1)).toEqual(hundred(1));
  expect(hundred(1)).not.toEqual(hundred(2));
  expect(new Set(hundred(1).map(({ fate }) => fate))).toEqual(new Set(fates));
  for (const { afterMs, restMs } of hundred(1)) {
    expect(afterMs).toBeGreaterThanOrEqual(300);
    expect(afterMs).toBeLessThanOrEqual(5_000);
    expect(restMs).toBeLessThanOrEqual(3_000);
  }
});

it('leaves nothing to chance but when a client comes back, and tries again', async () => {
  const files = (await readdir(import.meta.dirname)).filter((name) => !name.endsWith('.test.ts'));
  const rolling: string[] = [];
  for (const file of files) {
    if ((await readFile(join(import.meta.dirname, file), 'utf8')).includes('Math.random')) rolling.push(file);
  }
  expect(rolling.sort()).toEqual(['call-party.ts', 'reconnecting-socket.ts']);
});
