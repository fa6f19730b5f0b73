import { expect, it } from 'vitest';
import type { Entry } from './entry.ts';
import { OperationLog } from './operation-log.ts';

it('gives back what was written, also when it had to grow, and refuses more than its bound', () => {
  const log = new OperationLog(10_000);
  const written: Entry[] = Array.from({ length: 10_000 }, (_, n) => ({
    kind: n % 3 === 0 ? 'invoke' : n % 3 === 1 ? 'ok' : 'deliver',
    at: n + 0.25,
    who: n % 7,
    conversation: n % 11,
    key: n,
    id: n % 3 === 0 ? '' : `id-${n % 100}`,
    seq: n % 5,
    note: n % 2,
  }));
  for (const entry of written) log.add(entry);
  expect([...log]).toEqual(written);
  expect(log.full).toBe(true);
  const [first] = written;
  expect(() => first && log.add(first)).toThrow(RangeError);
});
