import { randomUUID } from 'node:crypto';
import { type BusEvent, CallId, type EventBody, PushDeviceId, SessionId } from '@switchboard/protocol';
import { newEvent, systemClock } from '@switchboard/service-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/accounts.ts';
import { eventually } from '../testing/eventually.ts';
import type { TestClient } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

const PATIENCE_MS = 20_000;

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(() => mongo?.[Symbol.asyncDispose]());
beforeEach(async () => {
  node = await startTestNode({ mongo, env: { RATE_LIMIT_CALLS: 'off' } });
});
afterEach(() => node?.[Symbol.asyncDispose]());

interface Device {
  readonly id: string;
  readonly target: string;
  readonly dialect?: string;
  readonly rungAt?: string;
  readonly acknowledgedAt?: string;
  readonly answeredAt?: string;
  readonly declinedAt?: string;
  readonly cancelReason?: string;
  readonly pushes: readonly { readonly content: string; readonly step: string; readonly detail?: string }[];
}
interface Ring {
  readonly user: { readonly id: string };
  readonly outcome: string;
  readonly explanation: string;
  readonly devices: readonly Device[];
}

async function get(path: string, as: TestUser): Promise<{ status: number; body: Record<string, unknown> }> {
  const reply = await fetch(`${node.url}${path}`, { headers: { authorization: `Bearer ${as.token()}` } });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

/** The rings of a call once they are as they will be. */
async function ringsOnce(callId: string, root: TestUser, done: (rings: readonly Ring[]) => boolean) {
  return eventually(async () => {
    const { status, body } = await get(`/admin/calls/${callId}/rings`, root);
    const rings = body.rings as readonly Ring[];
    return status === 200 && done(rings) ? rings : undefined;
  }, PATIENCE_MS);
}

const native = (user: TestUser) => node.client(user, { auth: { dialect: 'native' } });
const devicesThere = (user: TestUser, count: number) =>
  eventually(async () => (await node.presence.devicesOf(user.id, Date.now())).length === count, PATIENCE_MS);
async function place(caller: TestClient, to: TestUser): Promise<string> {
  const answer = await caller.ask('call.place', { to: { userId: to.id }, kind: 'voice' });
  return (answer.call as { id: string }).id;
}
const tell = (body: EventBody) => node.bus.publish(newEvent(body, systemClock));

describe('the ledger of rings', () => {
  it('tells of each device that it rang, that it said so, that it answered, and that the others fell silent', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const root = node.accounts.user('root', 'admin');
    const caller = await native(alice);
    const [phone, tab] = [await native(bob), await native(bob)];
    await devicesThere(bob, 2);
    const callId = await place(caller, bob);
    await Promise.all([phone, tab].map((device) => device.hears('call.incoming', () => true, PATIENCE_MS)));
    expect(await phone.ask('call.ack', { callId })).toMatchObject({ ok: true });
    expect(await phone.ask('call.ack', { callId })).toMatchObject({ ok: true });
    expect(await phone.ask('call.answer', { callId })).toMatchObject({ ok: true });
    const [ring] = await ringsOnce(
      callId,
      root,
      ([one]) =>
        one?.devices.length === 2 &&
        one.devices.every(({ rungAt }) => rungAt !== undefined) &&
        one.devices.some(({ answeredAt }) => answeredAt !== undefined),
    );
    expect(ring).toMatchObject({ user: { id: bob.id }, outcome: 'answered' });
    expect(ring?.explanation).toMatch(
      /^rang on 2 connected devices, 1 of which acknowledged; answered after \d+\.\d s$/,
    );
    const answering = ring?.devices.find(({ answeredAt }) => answeredAt !== undefined);
    expect(answering).toMatchObject({
      target: 'socket',
      dialect: 'native',
      sessionId: bob.sessionId,
      acknowledgedAt: expect.any(String),
      pushes: [],
    });
    expect(answering).not.toHaveProperty('cancelReason');
    const other = ring?.devices.find(({ id }) => id !== answering?.id);
    expect(other).toMatchObject({ cancelReason: 'answered_elsewhere' });
    expect(other).not.toHaveProperty('acknowledgedAt');

    // Its parties see their own part of it, others nothing.
    const shown = await get(`/api/v1/calls/${callId}`, bob);
    expect(shown.body).toMatchObject({ call: { direction: 'incoming' }, ring: { outcome: 'answered' } });
    expect((shown.body.ring as Ring).devices).toHaveLength(2);
    const sent = await get(`/api/v1/calls/${callId}`, alice);
    expect(sent.body).toMatchObject({ call: { id: callId, direction: 'outgoing' } });
    expect(sent.body).not.toHaveProperty('ring');
    const foreign = await get(`/api/v1/calls/${callId}`, root);
    expect(foreign).toEqual(await get(`/api/v1/calls/${randomUUID()}`, root));
    expect(foreign).toMatchObject({ status: 404, body: { error: { code: 'CALL_NOT_FOUND' } } });
    expect((await get(`/admin/calls/${callId}/rings`, bob)).status).toBe(403);
    expect((await get(`/admin/calls/${randomUUID()}/rings`, root)).status).toBe(404);
    await caller.ask('call.end', { callId });
  });

  it('tells of a device that came while it rang, of a refusal, and of pushes, each once however often it is told', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const root = node.accounts.user('root', 'admin');
    const caller = await native(alice);
    const phone = await native(bob);
    await devicesThere(bob, 1);
    const callId = await place(caller, bob);
    await phone.hears('call.incoming', () => true, PATIENCE_MS);
    const late = await native(bob);
    await late.hears('call.incoming', () => true, PATIENCE_MS);

    const target = {
      id: PushDeviceId.parse(randomUUID()),
      kind: 'expo' as const,
      sessionId: SessionId.parse(randomUUID()),
    };
    const pushed = { type: 'call.pushed', callId: CallId.parse(callId), userId: bob.id, target } as const;
    for (let twice = 0; twice < 2; twice += 1) {
      await tell({ ...pushed, content: 'call.incoming', step: 'sent' });
      await tell({ ...pushed, content: 'call.incoming', step: 'failed', detail: 'DeviceNotRegistered' });
    }
    expect(await late.ask('call.reject', { callId })).toMatchObject({ ok: true });
    const [ring] = await ringsOnce(
      callId,
      root,
      ([one]) =>
        one?.outcome === 'rejected' &&
        one.devices.length === 3 &&
        one.devices.some(({ declinedAt }) => declinedAt !== undefined) &&
        one.devices.filter(({ rungAt }) => rungAt !== undefined).length === 2,
    );
    expect(ring?.explanation).toBe(
      'rang on 2 connected devices, none of which acknowledged; push failed: DeviceNotRegistered; declined',
    );
    const refusing = ring?.devices.filter(({ declinedAt }) => declinedAt !== undefined);
    expect(refusing).toHaveLength(1);
    const silenced = ring?.devices.filter(({ cancelReason }) => cancelReason === 'rejected_elsewhere');
    expect(silenced).toHaveLength(1);
    expect(ring?.devices.find(({ target: kind }) => kind === 'expo')).toMatchObject({
      id: target.id,
      pushes: [
        { content: 'call.incoming', step: 'sent' },
        { content: 'call.incoming', step: 'failed', detail: 'DeviceNotRegistered' },
      ],
    });
  });

  it('tells why there was nothing to ring', async () => {
    const [alice, bob, eve] = ['alice', 'bob', 'eve'].map((name) => node.accounts.user(name)) as [
      TestUser,
      TestUser,
      TestUser,
    ];
    const root = node.accounts.user('root', 'admin');
    const caller = await native(alice);
    await caller.ask('call.place', { to: { userId: bob.id }, kind: 'voice' });
    const [away] = await eventually(async () => {
      const { body } = await get(`/admin/calls?user=${bob.id}&reason=unavailable`, root);
      const calls = body.calls as { id: string }[];
      return calls.length === 1 ? calls : undefined;
    }, PATIENCE_MS);
    const [ring] = await ringsOnce(away?.id ?? '', root, () => true);
    expect(ring).toMatchObject({ outcome: 'unavailable', devices: [] });
    expect(ring?.explanation).toMatch(/^no device that could ring/);

    const [phone, third] = [await native(bob), await native(eve)];
    await devicesThere(bob, 1);
    const callId = await place(caller, bob);
    await phone.hears('call.incoming', ({ call }) => (call as { id: string }).id === callId, PATIENCE_MS);
    await third.ask('call.place', { to: { userId: bob.id }, kind: 'voice' });
    const [busy] = await eventually(async () => {
      const { body } = await get(`/admin/calls?user=${eve.id}`, root);
      const calls = body.calls as { id: string }[];
      return calls.length === 1 ? calls : undefined;
    }, PATIENCE_MS);
    const [engaged] = await ringsOnce(busy?.id ?? '', root, ([one]) => one?.outcome === 'busy');
    expect(engaged).toMatchObject({ explanation: 'was in another call', devices: [] });
    await caller.ask('call.end', { callId });
  });

  it('says why there was nothing to ring as well when it is told again, and the live call is gone', async () => {
    const [alice, bob, eve] = ['alice', 'bob', 'eve'].map((name) => node.accounts.user(name)) as [
      TestUser,
      TestUser,
      TestUser,
    ];
    const root = node.accounts.user('root', 'admin');
    const told: BusEvent[] = [];
    await using _told = await node.bus.consume({ durable: 'told', types: ['call.ended'] }, async (event) => {
      told.push(event);
    });
    const [caller, third, phone] = [await native(alice), await native(eve), await native(bob)];
    await devicesThere(bob, 1);
    const callId = await place(caller, bob);
    await phone.hears('call.incoming', () => true, PATIENCE_MS);
    await third.ask('call.place', { to: { userId: bob.id }, kind: 'voice' });
    const ended = await eventually(async () => told.find((event) => 'call' in event), PATIENCE_MS);
    const busy = CallId.parse('call' in ended ? ended.call.id : '');
    const explained = async () => (await ringsOnce(busy, root, ([one]) => one !== undefined))[0]?.explanation;
    expect(await explained()).toBe('was in another call');

    const version = (await node.liveCalls.get(busy))?.version ?? 0;
    expect(await node.liveCalls.compareAndSet(busy, version, null, null)).toBe(true);
    await node.bus.publish(newEvent({ ...ended }, systemClock));
    expect(await explained()).toBe('was in another call');
    await caller.ask('call.end', { callId });
  });

  it('keeps a bounded number of devices for each callee', async () => {
    const [alice, bob] = [node.accounts.user('alice'), node.accounts.user('bob')];
    const caller = await native(alice);
    await native(bob);
    await devicesThere(bob, 1);
    const callId = CallId.parse(await place(caller, bob));
    const entries = () =>
      mongo.connection
        .collection('rings')
        .countDocuments({ _id: { $gte: `${callId}:`, $lt: `${callId};` } as never });
    for (let n = 0; n < 60; n += 1) {
      const target = {
        id: PushDeviceId.parse(randomUUID()),
        kind: 'expo' as const,
        sessionId: SessionId.parse(randomUUID()),
      };
      await tell({
        type: 'call.pushed',
        callId,
        userId: bob.id,
        target,
        content: 'call.incoming',
        step: 'sent',
      });
    }
    await eventually(async () => (await entries()) >= 50, PATIENCE_MS);
    expect(await entries()).toBe(50);
    await caller.ask('call.end', { callId });
  });
});
