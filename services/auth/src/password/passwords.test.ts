import { compareSync, hashSync } from 'bcryptjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHashPool } from './hash-pool.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { prehash } from './prehash.ts';

let passwords: Passwords;
beforeAll(async () => {
  passwords = createPasswords({ cost: 8, threads: 1, queue: 100 });
});
afterAll(async () => {
  await passwords?.[Symbol.asyncDispose]();
});

const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return performance.now() - started;
};
const median = (samples: readonly number[]): number =>
  samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;

describe('the pre-hash', () => {
  it('fits into what bcrypt reads, without a NUL', () => {
    for (const password of ['', 'a', '\u0000', 'x'.repeat(1024), '🦊'.repeat(200)]) {
      expect(prehash(password)).toMatch(/^[A-Za-z0-9+/]{64}$/);
    }
  });

  it('tells apart what bcrypt alone does not', () => {
    const long = 'x'.repeat(72);
    expect(compareSync(`${long}b`, hashSync(`${long}a`, 4))).toBe(true);
    expect(prehash(`${long}b`)).not.toBe(prehash(`${long}a`));
    expect(prehash('a\u0000b')).not.toBe(prehash('a\u0000c'));
  });

  it('takes one password typed on two keyboards for one', () => {
    expect(prehash('caf\u00e9')).toBe(prehash('cafe\u0301'));
  });
});

describe('passwords', () => {
  it('verify against their hash alone', async () => {
    const hash = await passwords.hash('right');
    expect(hash).toMatch(/^\$2b\$08\$/);
    expect(await passwords.verify('right', hash)).toBe(true);
    expect(await passwords.verify('wrong', hash)).toBe(false);
    expect(passwords.outdated(hash)).toBe(false);
    expect(passwords.outdated(hashSync('x', 4))).toBe(true);
  });

  it('take as long for nobody as for somebody', async () => {
    const hash = await passwords.hash('right');
    const nobody: number[] = [];
    const somebody: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      somebody.push(await milliseconds(() => passwords.verify('wrong', hash)));
      nobody.push(await milliseconds(() => passwords.verify('wrong', undefined)));
    }
    const ratio = median(nobody) / median(somebody);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  });
});

describe('the pool', () => {
  it('refuses what its queue cannot hold, retryably, and serves what it took', async () => {
    await using pool = createHashPool({ threads: 1, queue: 3 });
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => pool.hash('x', 4)));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    const [refused] = results.filter((result) => result.status === 'rejected');
    expect(refused?.reason).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
  });

  it('fails the one job that cannot be done and goes on', async () => {
    await using pool = createHashPool({ threads: 1, queue: 3 });
    await expect(pool.compare('x', 'x'.repeat(60))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await pool.compare('x', await pool.hash('x', 4))).toBe(true);
  });

  it('answers everybody when it is closed', async () => {
    const pool = createHashPool({ threads: 1, queue: 10 });
    const waiting = Promise.allSettled(Array.from({ length: 5 }, () => pool.hash('x', 14)));
    await pool[Symbol.asyncDispose]();
    expect(new Set((await waiting).map(({ status }) => status))).toEqual(new Set(['rejected']));
    await expect(pool.hash('x', 4)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});
