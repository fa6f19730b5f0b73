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
const CALM_MS = 2_000;
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

/** How long other requests take, and how late the event loop is, until `over` says so. */
async function watch(token: string, over: () => boolean) {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const latencies: number[] = [];
  while (!over()) {
    const started = performance.now();
    const { status } = await auth.http.get('/api/v1/me', { token });
    latencies.push(performance.now() - started);
    expect(status).toBe(200);
    await pause(5);
  }
  loop.disable();
  expect(latencies.length).toBeGreaterThan(100);
  return { requestMs: p99(latencies), loopMs: loop.percentile(99) / 1e6 };
}

/** What a storm adds to the latencies of the calm just before it. */
async function delays(token: string) {
  const calmUntil = performance.now() + CALM_MS;
  const calm = await watch(token, () => performance.now() > calmUntil);
  let over = false;
  const logins = Promise.all(
    Array.from({ length: STORM }, (_, n) =>
      auth.http.post('/auth/login', { username: n % 2 ? 'alice' : 'bob', password: 'password123' }),
    ),
  ).finally(() => {
    over = true;
  });
  const storm = await watch(token, () => over);
  expect(new Set((await logins).map(({ status }) => status))).toEqual(new Set([200]));
  return { calm, storm, addedMs: storm.requestMs - calm.requestMs, addedLoopMs: storm.loopMs - calm.loopMs };
}

describe('a storm of log-ins', () => {
  it('is served, and delays other requests by less than 50 ms at p99', { timeout: 180_000 }, async () => {
    const { body } = await auth.http.post('/auth/login', { username: 'alice', password: 'password123' });
    const rounds: Awaited<ReturnType<typeof delays>>[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const seen = await delays(body.accessToken);
      rounds.push(seen);
      if (seen.addedMs < BOUND_MS && seen.addedLoopMs < BOUND_MS) break;
    }
    console.info(`other requests during ${STORM} log-ins: ${JSON.stringify(rounds)}`);
    expect(rounds.at(-1)?.addedMs).toBeLessThan(BOUND_MS);
    expect(rounds.at(-1)?.addedLoopMs).toBeLessThan(BOUND_MS);
  });
});
