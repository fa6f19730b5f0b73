import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;

beforeAll(async () => {
  database = await startTestDatabase();
  auth = await startTestAuth({ mongoUrl: database.fresh(), env: { BCRYPT_COST: '9' } });
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const ROUNDS = 40;
const median = (samples: readonly number[]): number =>
  samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN;

describe('the time of a refusal', () => {
  it('does not tell an unknown user from a wrong password', async () => {
    const time = async (username: string): Promise<number> => {
      const started = performance.now();
      const { status } = await auth.http.post('/auth/login', { username, password: 'wrong-one' });
      expect(status).toBe(401);
      return performance.now() - started;
    };
    await time('alice');
    const known: number[] = [];
    const unknown: number[] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      known.push(await time('alice'));
      unknown.push(await time(`nobody${n}`));
    }
    // A skipped hash would make it a tenth; a hash of another cost a half or double.
    const ratio = median(unknown) / median(known);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.33);
  });
});
