import { createClient } from '@switchboard/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { logIn, register, Stage } from '../harness/people.ts';
import { type Topology, topologies } from '../harness/topology.ts';

const offer = { type: 'offer', sdp: 'v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n' };
const answer = { type: 'answer', sdp: 'v=0\r\no=- 3 4 IN IP4 127.0.0.1\r\n' };
const PATIENCE_MS = 30_000;

interface Device {
  /** Absent for one that has not shown it. */
  readonly dialect?: string;
  readonly rungAt?: string;
  readonly acknowledgedAt?: string;
  readonly answeredAt?: string;
  readonly cancelReason?: string;
}

describe.each(topologies)('what is known of a call on $name', ({ start }) => {
  let topology: Topology;
  let root: string;
  beforeAll(async () => {
    topology = await start();
    root = (await logIn(topology)).token;
  });
  afterAll(async () => {
    await topology?.[Symbol.asyncDispose]();
  });

  it('tells where it rang, who said so and answered, and how it sounded', async () => {
    const [alice, bob] = await Promise.all([register(topology, 'alice'), register(topology, 'bob')]);
    await using stage = new Stage(topology);
    const a = await stage.native(alice, 0);
    const phone = await stage.peer(bob, 0);
    const client = createClient({ url: topology.url(1) });
    try {
      await client.logIn(bob.username, bob.password);
      const rung = new Promise<Parameters<Parameters<typeof client.on<'call'>>[1]>[0]>((resolve) =>
        client.on('call', resolve),
      );
      const greeted = new Promise((resolve) => client.on('presence', resolve));
      await client.connect();
      await greeted;

      const placed = await a.ask('call.place', { to: { userId: bob.id }, kind: 'video', offer });
      const { id } = placed.call as { id: string };
      const call = await rung;
      await phone.log.next('incomingCall');
      const rings = async () => {
        const { body } = await http('GET', `${topology.url(1)}/admin/calls/${id}/rings`, { token: root });
        return body.rings?.[0] as { outcome: string; explanation: string; devices: Device[] } | undefined;
      };
      await call.answer(answer);
      await phone.log.next('callEnded');
      expect(await a.ask('call.end', { callId: id })).toMatchObject({ ok: true });

      const told = await until(
        'the ledger is complete',
        async () => {
          const ring = await rings();
          const devices = ring?.devices ?? [];
          const complete =
            devices.length === 2 &&
            devices.every(({ rungAt }) => rungAt !== undefined) &&
            devices.some(({ answeredAt }) => answeredAt !== undefined) &&
            // The client says so by itself.
            devices.some(({ acknowledgedAt }) => acknowledgedAt !== undefined);
          return complete ? ring : undefined;
        },
        PATIENCE_MS,
      );
      expect(told).toMatchObject({ outcome: 'answered' });
      expect(told.explanation).toMatch(
        /^rang on 2 connected devices, 1 of which acknowledged; answered after /,
      );
      const of = (dialect: string | undefined) => told.devices.find((device) => device.dialect === dialect);
      expect(of('native')).toMatchObject({
        acknowledgedAt: expect.any(String),
        answeredAt: expect.any(String),
      });
      expect(of(undefined)).toMatchObject({ cancelReason: 'answered_elsewhere' });

      // Bob heard worse than Alice.
      const mine = { roundTripMs: 100, jitterMs: 5, loss: 0, path: 'direct', setupMs: 700 };
      const taken = await http('POST', `${topology.url(0)}/api/v1/calls/${id}/quality`, {
        token: alice.token,
        body: mine,
      });
      expect(taken).toMatchObject({ status: 200, body: { quality: { ...mine, mos: 4.37 } } });
      await client.calls.reportQuality(id, { roundTripMs: 300, jitterMs: 20, loss: 0.03, path: 'relay' });
      const { calls } = await client.calls.history({ limit: 1 });
      expect(calls[0]).toMatchObject({
        id,
        direction: 'incoming',
        endReason: 'hangup',
        negotiated: { path: 'relay' },
        quality: { mos: 3.8, caller: { mos: 4.37 }, answerer: { mos: 3.8 } },
      });
      const own = await client.calls.get(id);
      expect(own.ring?.devices).toHaveLength(2);
      const figures = await http('GET', `${topology.url(1)}/admin/calls/quality`, { token: root });
      expect(figures).toMatchObject({ status: 200, body: { complete: true } });
      expect(figures.body.reported).toBeGreaterThanOrEqual(1);
    } finally {
      client.disconnect();
    }
  });
});
