import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/accounts.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(() => mongo?.[Symbol.asyncDispose]());
afterEach(() => node?.[Symbol.asyncDispose]());

async function report(by: TestUser, body: unknown, callId: string = randomUUID()) {
  const reply = await fetch(`${node.url}/api/v1/calls/${callId}/quality`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by.token()}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { error } = (await reply.json()) as { error: { code: string } };
  return { status: reply.status, code: error.code, retryAfter: reply.headers.get('retry-after') };
}

describe('reports of how a call sounded', () => {
  it('are limited as calls are, each user by themselves', async () => {
    node = await startTestNode({ mongo, env: { RATE_LIMIT_CALLS: '2/1m' } });
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const codes = [];
    for (let n = 0; n < 3; n += 1) codes.push((await report(alice, { loss: 0 })).code);
    expect(codes).toEqual(['CALL_NOT_FOUND', 'CALL_NOT_FOUND', 'RATE_LIMITED']);
    expect((await report(alice, { loss: 0 })).retryAfter).toMatch(/^\d+$/);
    expect((await report(bob, { loss: 0 })).code).toBe('CALL_NOT_FOUND');
  });

  it('say something, within what can be', async () => {
    node = await startTestNode({ mongo, env: { RATE_LIMIT_CALLS: 'off' } });
    const alice = node.accounts.user('alice');
    const hostile = [
      {},
      [],
      null,
      { loss: 1.01 },
      { loss: -0.1 },
      { loss: 'much' },
      { roundTripMs: 60_001 },
      { jitterMs: -1 },
      { setupMs: 1e9 },
      { path: 'tunnel' },
      { codecs: Array.from({ length: 17 }, () => 'audio/opus') },
      { codecs: ['x'.repeat(65)] },
      { unknown: 1 },
    ];
    for (const body of hostile) {
      expect([body, (await report(alice, body)).code]).toEqual([body, 'INVALID_DATA']);
    }
    expect((await report(alice, { loss: 0 }, 'no-uuid')).code).toBe('INVALID_DATA');
    expect((await report(alice, { loss: 0 })).status).toBe(404);
  });
});
