import { randomUUID } from 'node:crypto';
import { CallId, type DialectName, ok, type UserId } from '@switchboard/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  node = await startTestNode({ mongo });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

/** Stands in for notification: push targets of users by the vocabulary that they wake up in. */
async function pushTargets(dialects: ReadonlyMap<UserId, DialectName>) {
  const asked: UserId[][] = [];
  await node.bus.serve('notification.reachable', async ({ userIds }) => {
    asked.push(userIds);
    return ok({
      users: userIds.flatMap((userId) => {
        const dialect = dialects.get(userId);
        return dialect ? [{ userId, dialects: [dialect] }] : [];
      }),
    });
  });
  return asked;
}

const native = { auth: { dialect: 'native' } };
const placing = (userId: UserId) => ({
  to: { userId },
  kind: 'voice',
  media: 'p2p',
  negotiation: 'accept-first',
  callId: randomUUID(),
});

describe('calling somebody who is not connected', () => {
  it('rings who can be woken by a push, and the device that wakes up at once', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const asked = await pushTargets(new Map([[bob.id, 'expo']]));
    const caller = await node.client(alice, native);
    expect(await caller.ask('call.place', placing(bob.id))).toMatchObject({
      ok: true,
      call: { phase: 'ringing' },
    });
    expect(asked).toEqual([[bob.id]]);
    const woken = await node.client(bob, { auth: { dialect: 'expo' } });
    await woken.hears('CALL_REQUEST');
  });

  it('does not ask for those who are connected', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const asked = await pushTargets(new Map());
    const [caller, callee] = [await node.client(alice, native), await node.client(bob, native)];
    await eventually(async () => (await node.presence.devicesOf(bob.id, Date.now())).length === 1);
    expect(await caller.ask('call.place', placing(bob.id))).toMatchObject({ ok: true });
    await callee.hears('call.incoming');
    expect(asked).toEqual([]);
  });

  it.each([
    ['nobody would wake up', new Map()],
    ['what wakes up cannot take the call', 'jitsi'],
    ['notification is away', undefined],
  ] as const)('says unavailable when %s', async (_why, targets) => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    if (targets) await pushTargets(targets === 'jitsi' ? new Map([[bob.id, 'jitsi']]) : targets);
    const caller = await node.client(alice, native);
    expect(await caller.ask('call.place', placing(bob.id))).toMatchObject({
      ok: false,
      error: { code: 'USER_UNAVAILABLE' },
    });
  });
});

describe('what other services ask of signaling', () => {
  it('which sessions of whom have a live socket', async () => {
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => node.accounts.user(name));
    if (!alice || !bob || !carol) throw new RangeError('three users');
    await Promise.all([node.client(alice), node.client(alice), node.client(bob)]);
    const live = async () => {
      const asked = { userIds: [alice.id, bob.id, carol.id, alice.id] };
      const reply = await node.bus.request('signaling.live', asked);
      return reply.ok ? reply.value.users.toSorted((a, b) => Number(a.userId) - Number(b.userId)) : reply;
    };
    const expected = [alice, bob].map(({ id, sessionId }) => ({ userId: id, sessions: [sessionId] }));
    await eventually(async () => JSON.stringify(await live()) === JSON.stringify(expected));
    expect(await live()).toEqual(expected);
  });

  it('how a call stands: live, ended, and none', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    await pushTargets(new Map([[bob.id, 'native']]));
    const caller = await node.client(alice, native);
    const placed = placing(bob.id);
    const callId = CallId.parse(placed.callId);
    const stands = async () => {
      const reply = await node.bus.request('signaling.call.get', { callId });
      return reply.ok ? reply.value.call : reply;
    };
    expect(await stands()).toBeNull();
    await caller.ask('call.place', placed);
    expect(await stands()).toMatchObject({ id: callId, phase: 'ringing' });
    await caller.ask('call.end', { ref: { by: 'id', callId } });
    expect(await stands()).toMatchObject({ phase: 'ended', endReason: 'cancelled' });
    // Forgotten by the live store, it is in history: the store may forget it once its events are out.
    await eventually(async () => (await node.liveCalls.get(callId))?.state.outbox.length === 0);
    const live = await node.liveCalls.get(callId);
    await node.liveCalls.compareAndSet(callId, live?.version ?? 0, null, null);
    await expect.poll(stands, { timeout: 15_000 }).toMatchObject({ id: callId, endReason: 'cancelled' });
  });
});
