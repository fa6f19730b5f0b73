import { createManualClock } from '@switchboard/engine-memory';
import type { DialectName, UserId } from '@switchboard/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import {
  byId,
  type CallCluster,
  CURRENT,
  createCallCluster,
  good,
  jitsiPlace,
  offerFirst,
  type TestDevice,
} from '../testing/call-cluster.ts';
import { startIceRenewal } from './renewal.ts';

/** Of credentials. Times below are in hundredths of it. */
const LIFE_MS = 100_000;
const START = Date.UTC(2030, 0, 1);
const answer = { type: 'answer', sdp: 'a' };

let cluster: CallCluster;
let renewals: AsyncDisposable[];

afterEach(async () => {
  for (const renewal of renewals) await renewal[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

async function twoNodes(expires = true) {
  const clock = createManualClock(START);
  cluster = await createCallCluster({ nodes: 2, clock, timings: { leaseMs: 100 * LIFE_MS } });
  const made: UserId[] = [];
  renewals = cluster.nodes.map(({ context }) =>
    startIceRenewal(
      context,
      (userId) => {
        made.push(userId);
        const expiresAt = new Date(clock.now() + LIFE_MS).toISOString();
        return { iceServers: [], ...(expires ? { expiresAt } : {}) };
      },
      LIFE_MS,
    ),
  );
  const pass = (parts: number) => clock.advance((parts / 100) * LIFE_MS);
  return { pass, made };
}

/** When what the device was sent lapses, after the start of the call. */
const lapses = (device: TestDevice) =>
  device
    .of('ice.servers')
    .map(({ servers }) => (Date.parse(servers.expiresAt ?? '') - START) / (LIFE_MS / 100));

async function inCall(dialects: readonly [DialectName, DialectName]) {
  const [alice, bob] = [await cluster.connect(1, dialects[0], 0), await cluster.connect(2, dialects[1], 1)];
  const { call } = good(await alice.send(offerFirst(2)));
  good(await bob.send({ type: 'call.answer', ref: byId(call.id), answer }));
  return { alice, bob, callId: call.id };
}

describe('the servers of a call', () => {
  it('are renewed for each party before their credentials lapse, again and again, until the call is over', async () => {
    const { pass, made } = await twoNodes();
    const { alice, bob } = await inCall(['native', 'native']);
    await pass(74);
    expect([lapses(alice), made]).toEqual([[], []]);
    await pass(300);
    for (const device of [alice, bob]) {
      const found = lapses(device);
      let before = 100;
      for (const lapse of found) {
        const sentAt = lapse - 100;
        expect(before - sentAt).toBeGreaterThanOrEqual(20);
        expect(before - sentAt).toBeLessThanOrEqual(25);
        before = lapse;
      }
      expect(found.length).toBeGreaterThanOrEqual(4);
    }
    expect(new Set(made)).toEqual(new Set(['1', '2']));
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
    await cluster.quiet();
    const told = made.length;
    await pass(200);
    expect(made).toHaveLength(told);
  });

  it('are sent at once to a device that comes into an older call, on whichever node, and to the other at its own time', async () => {
    const { pass } = await twoNodes();
    const { alice, bob, callId } = await inCall(['native', 'native']);
    await pass(82);
    expect([lapses(alice).length, lapses(bob).length]).toEqual([1, 1]);
    const desk = await cluster.connect(1, 'native', 1);
    good(await desk.send({ type: 'call.take', callId }));
    await cluster.quiet();
    await pass(6);
    expect([lapses(alice).length, lapses(desk).length, lapses(bob).length]).toEqual([1, 1, 1]);
    await pass(82);
    expect([lapses(alice).length, lapses(desk).length, lapses(bob).length]).toEqual([1, 2, 2]);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('are made for no other vocabulary, for no Jitsi room, and sent to nobody where nothing lapses', async () => {
    const { pass, made } = await twoNodes();
    const { alice, bob } = await inCall(['peer', 'native']);
    await pass(82);
    expect([made, lapses(alice), lapses(bob).length]).toEqual([['2'], [], 1]);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
    const [carol, dave] = [await cluster.connect(3), await cluster.connect(4)];
    const { call } = good(await carol.send(jitsiPlace(4)));
    good(await dave.send({ type: 'call.answer', ref: byId(call.id) }));
    await pass(82);
    expect(made).toEqual(['2']);
    good(await carol.send({ type: 'call.end', ref: CURRENT }));
  });

  it('stay as they are where none lapses', async () => {
    const { pass } = await twoNodes(false);
    const { alice, bob } = await inCall(['native', 'native']);
    await pass(200);
    expect([alice, bob].flatMap((device) => device.of('ice.servers'))).toEqual([]);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });
});
