import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

const STORM = 50;
const BOUND_MS = 50;
/** Other programs on the machine may take the cores during one storm; hashing on the event loop shows in every one. */
const ROUNDS = 3;

let database: TestDatabase;
let auth: TestAuth;

beforeAll(async () => {
  database = await startTestDatabase();
  // The default work factor and threads, as in production.
  const env = { BCRYPT_COST: '', PASSWORD_THREADS: '' };
  auth = await startTestAuth({ mongoUrl: database.fresh(), env });
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const p99 = (samples: readonly number[]): number =>
  samples.toSorted((a, b) => a - b)[Math.floor(samples.length * 0.99)] ?? Number.NaN;

/** Fifty log-ins at once, and the latencies of other requests until the last of them is answered. */
async function storm(token: string) {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const logins = Promise.all(
    Array.from({ length: STORM }, (_, n) =>
      auth.http.post('/auth/login', { username: n % 2 ? 'alice' : 'bob', password: 'password123' }),
    ),
  );
  let over = false;
  const answered = logins.finally(() => {
    over = true;
  });
  loop.enable();
  const latencies: number[] = [];
  while (!over) {
    const started = performance.now();
    const { status } = await auth.http.get('/api/v1/me', { token });
    latencies.push(performance.now() - started);
    expect(status).toBe(200);
    await pause(5);
  }
  loop.disable();
  const statuses = (await answered).map(({ status }) => status);
  return {
    statuses,
    requestMs: p99(latencies),
    loopMs: loop.percentile(99) / 1e6,
    samples: latencies.length,
  };
}

describe('a storm of log-ins', () => {
  it('is served, and delays other requests by less than 50 ms at p99', { timeout: 120_000 }, async () => {
    const { body } = await auth.http.post('/auth/login', { username: 'alice', password: 'password123' });
    const seen: { requestMs: number; loopMs: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { statuses, requestMs, loopMs, samples } = await storm(body.accessToken);
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(samples).toBeGreaterThan(100);
      seen.push({ requestMs, loopMs });
      if (requestMs < BOUND_MS && loopMs < BOUND_MS) break;
    }
    console.info(`other requests during ${STORM} log-ins: ${JSON.stringify(seen)}`);
    expect(seen.at(-1)?.requestMs).toBeLessThan(BOUND_MS);
    expect(seen.at(-1)?.loopMs).toBeLessThan(BOUND_MS);
  });
});
