import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import { UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  byUser,
  type CallCluster,
  CURRENT,
  candidate,
  codeOf,
  createCallCluster,
  DEFAULT_TIMINGS,
  good,
  offerFirst,
  type TestDevice,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';
import { BEAT_MS, SILENT_MS } from './pulse.ts';

const { graceMs, leaseMs } = DEFAULT_TIMINGS;
const answer = { type: 'answer', sdp: 'a' };
const restart = { type: 'offer', sdp: 'ice restart' };

let clock: ManualClock;
let cluster: CallCluster;

beforeEach(async () => {
  clock = createManualClock();
  cluster = await createCallCluster({ nodes: 3, clock });
  // Long enough that every node has shown that its beats get through.
  await clock.advance(SILENT_MS + BEAT_MS);
});

afterEach(() => endWithoutLeaks(cluster));

/** Alice is on the first node and Bob on the second. */
async function connected() {
  const alice = await cluster.connect(1, 'peer', 0);
  const bob = await cluster.connect(2, 'peer', 1);
  const { call } = good(await alice.send(offerFirst(2)));
  good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
  await cluster.quiet();
  return { alice, bob, call };
}

async function stateOf(call: { readonly id: Parameters<CallCluster['stateOf']>[0] }) {
  await cluster.quiet();
  return (await cluster.stateOf(call.id))?.state;
}

const heardHangup = (device: TestDevice) => device.of('call.ended').some(({ reason }) => reason === 'hangup');

describe('a party whose node died, back through another long before its lease lapses', () => {
  it.each([
    ['is refused', 'rejected', (bob: TestDevice) => bob.send({ type: 'call.end', ref: byUser(1) })],
    ['nobody answers', 'timeout', () => clock.advance(1_000)],
  ] as const)(
    'hears as a caller that its ring %s, though nobody knows yet that it has no seat',
    async (_how, reason, end) => {
      const alice = await cluster.connect(1, 'peer', 0);
      const bob = await cluster.connect(2, 'peer', 1);
      good(await alice.send(offerFirst(2)));
      await cluster.quiet();
      // As long as the ring lasts, nobody learns of it.
      if (reason === 'timeout') await clock.advance(DEFAULT_TIMINGS.ringMs - 1_400);
      cluster.nodes[0]?.crash();
      await clock.advance(700);
      const back = await cluster.connect(1, 'peer', 2);
      await end(bob);
      await clock.advance(BEAT_MS);
      await until('the caller hears', () => back.of('call.rejected').length > 0);
      expect(back.of('call.rejected').map((heard) => heard.reason)).toEqual([reason]);
    },
  );

  it.each([
    ['caller', 0, 1],
    ['callee', 1, 2],
  ] as const)('hangs up as a %s: the other hears it within 5 s', async (_role, node, user) => {
    const { alice, bob } = await connected();
    const other = node === 0 ? bob : alice;
    cluster.nodes[node]?.crash();
    await clock.advance(700);
    const back = await cluster.connect(user, 'peer', 2);
    const hangingUp = back.send({ type: 'call.end', ref: CURRENT });
    await clock.advance(5_000 - 700);
    expect(good(await hangingUp).call?.endReason).toBe('hangup');
    await until('the other hears', () => heardHangup(other));
    expect(cluster.eventsOf('call.ended').map(({ call }) => call.endReason)).toEqual(['hangup']);
  });

  it('is heard though it speaks before it has arrived', async () => {
    const { alice } = await connected();
    cluster.nodes[1]?.crash();
    const { device: back, arrive } = cluster.enter(2, 'peer', 2);
    const hangingUp = back.send({ type: 'call.end', ref: CURRENT });
    await clock.advance(BEAT_MS);
    await arrive();
    await clock.advance(SILENT_MS + BEAT_MS);
    expect(good(await hangingUp).call?.endReason).toBe('hangup');
    await until('alice hears', () => heardHangup(alice));
  });

  it('has its seat within 4 s, and what it said at once is passed on', async () => {
    const { alice, bob, call } = await connected();
    cluster.nodes[1]?.crash();
    const back = await cluster.connect(2, 'peer', 0);
    const restarting = back.send(offerFirst(1, restart));
    await clock.advance(SILENT_MS + BEAT_MS);
    expect(good(await restarting).renegotiation).toBe(true);
    await until('alice has the offer', () =>
      alice.of('call.signal').some(({ signal }) => signal.kind === 'offer'),
    );
    good(await alice.send(candidate({ c: 1 }, byUser(2))));
    await until('bob hears', () => back.of('call.signal').length === 1);
    expect((await stateOf(call))?.answerSeat?.device.deviceId).toBe(back.deviceId);
    expect(alice.of('call.peer').map(({ state }) => state)).toEqual(['away', 'back']);
    expect(bob.connected).toBe(false);
    good(await back.send({ type: 'call.end', ref: byUser(1) }));
  });

  it('is given its seat though it says nothing', async () => {
    const { alice, call } = await connected();
    cluster.nodes[1]?.crash();
    const back = await cluster.connect(2, null, 2);
    await clock.advance(SILENT_MS + 2 * BEAT_MS);
    expect((await stateOf(call))?.answerSeat).toMatchObject({ device: { deviceId: back.deviceId } });
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });
});

describe('another device of a party whose own is there', () => {
  it('neither ends the call nor takes the seat, and is told so in a moment', async () => {
    const { alice, bob, call } = await connected();
    const tab = await cluster.connect(2, 'peer', 2);
    const other = await cluster.connect(1, 'peer', 2);
    const asked = [
      tab.send({ type: 'call.end', ref: CURRENT }),
      other.send({ type: 'call.end', ref: CURRENT }),
      tab.send(candidate({ c: 1 }, CURRENT)),
    ] as const;
    await clock.advance(BEAT_MS + 500);
    const [byTab, byOther, signalled] = await Promise.all(asked);
    // Whoever tidies up after an answer elsewhere is not scolded.
    expect(good(byTab).call).toMatchObject({ phase: 'active' });
    expect([codeOf(byOther), codeOf(signalled)]).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED']);
    await clock.advance(2 * leaseMs);
    const state = await stateOf(call);
    expect(state?.call.phase).toBe('active');
    expect([state?.callerSeat, state?.answerSeat].map((seat) => seat?.device.deviceId)).toEqual([
      alice.deviceId,
      bob.deviceId,
    ]);
    expect(cluster.eventsOf('call.interrupted')).toEqual([]);
    // Known by now: asked again, it does not wait.
    expect(codeOf(await other.send({ type: 'call.end', ref: CURRENT }))).toBe('PERMISSION_DENIED');
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });

  it('is asked about no node, and nobody else is, while nobody waits', async () => {
    const asking = cluster.nodes.map(({ context }) => vi.spyOn(context.presence, 'silentFor'));
    const asked = () => asking.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    const { alice } = await connected();
    await clock.advance(2 * leaseMs);
    expect(asked()).toBe(0);
    await cluster.connect(2, 'peer', 2);
    await clock.advance(leaseMs);
    expect(asked()).toBeGreaterThan(0);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });

  it('takes no seat while this node cannot know: its own beats do not get through', async () => {
    const { alice, bob, call } = await connected();
    for (const node of cluster.nodes) node.mute = true;
    await cluster.connect(2, 'peer', 2);
    await clock.advance(3 * SILENT_MS);
    // They come back one by one.
    if (cluster.nodes[2]) cluster.nodes[2].mute = false;
    await clock.advance(BEAT_MS);
    for (const node of cluster.nodes) node.mute = false;
    await clock.advance(3 * SILENT_MS);
    expect((await stateOf(call))?.answerSeat?.device.deviceId).toBe(bob.deviceId);
    expect(cluster.eventsOf('call.interrupted')).toEqual([]);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });
});

describe('a node that lives and is not heard of', () => {
  it('takes the seats of its devices back as soon as it hears that they were given up', async () => {
    const { alice, bob, call } = await connected();
    if (cluster.nodes[1]) cluster.nodes[1].mute = true;
    // Waits for the seat, and cannot take it.
    await cluster.connect(2, 'jitsi', 2);
    await until('alice hears that bob is away, and that he is back', async () => {
      await clock.advance(250);
      return alice.of('call.peer').length >= 2;
    });
    expect(
      alice
        .of('call.peer')
        .map(({ state }) => state)
        .slice(0, 2),
    ).toEqual(['away', 'back']);
    // By being told, and not only with the next renewal of its leases.
    const [away, back] = (['call.interrupted', 'call.resumed'] as const).map((type) =>
      Date.parse(cluster.eventsOf(type)[0]?.at ?? ''),
    );
    expect(Number(back) - Number(away)).toBeLessThan(BEAT_MS);
    if (cluster.nodes[1]) cluster.nodes[1].mute = false;
    await clock.advance(2 * graceMs);
    expect((await stateOf(call))?.answerSeat?.device.deviceId).toBe(bob.deviceId);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });
});

describe('an emptied store, and a node that died with it', () => {
  async function emptied() {
    const { alice, bob, call } = await connected();
    await clock.advance(100);
    cluster.nodes[1]?.crash();
    await cluster.forget(call.id, [1, 2]);
    await cluster.emptyPresence();
    return { alice, bob, call };
  }

  it('the call is put back at once, and who was on the dead node is away', async () => {
    const { alice, bob, call } = await emptied();
    await clock.advance(2 * BEAT_MS);
    expect(await stateOf(call)).toMatchObject({ call: { phase: 'active' } });
    await clock.advance(SILENT_MS + BEAT_MS);
    const { answerSeat } = (await stateOf(call)) ?? {};
    expect(answerSeat?.device.deviceId).toBe(bob.deviceId);
    expect(answerSeat?.awayUntil).toBeGreaterThan(clock.now());
    await until('alice knows', () => alice.of('call.peer').some(({ state }) => state === 'away'));
    // Nobody came.
    await clock.advance(graceMs);
    await until('alice is told', () => alice.of('call.ended').length === 1);
    expect(alice.of('call.ended')[0]?.reason).toBe('network_error');
    for (const user of ['1', '2']) {
      expect(await cluster.store.claimOf(UserId.parse(user), clock.now())).toBeUndefined();
    }
  });

  it.each([
    ['before the call is put back', 0],
    ['after', 2 * BEAT_MS],
  ])('who returns %s has the seat again', async (_when, ms) => {
    const { alice, call } = await emptied();
    await clock.advance(ms);
    const back = await cluster.connect(2, 'peer', 2);
    await clock.advance(2 * BEAT_MS + SILENT_MS);
    expect((await stateOf(call))?.answerSeat?.device.deviceId).toBe(back.deviceId);
    good(await alice.send(candidate({ c: 1 }, byUser(2))));
    await until('bob hears', () => back.of('call.signal').length === 1);
    good(await back.send({ type: 'call.end', ref: byUser(1) }));
    await until('alice is told', () => heardHangup(alice));
  });

  it('a device that was there before the call gets no seat by that', async () => {
    const tab = await cluster.connect(2, 'peer', 2);
    await clock.advance(1);
    const { call } = await emptied();
    await clock.advance(2 * BEAT_MS + SILENT_MS);
    expect((await stateOf(call))?.answerSeat).toMatchObject({ awayUntil: expect.any(Number) });
    good(await tab.send({ type: 'call.end', ref: CURRENT }));
  });

  it('with every node alive, nobody hears of anything', async () => {
    const { alice, bob, call } = await connected();
    await cluster.forget(call.id, [1, 2]);
    await cluster.emptyPresence();
    await clock.advance(2 * BEAT_MS);
    expect(await stateOf(call)).toMatchObject({ call: { phase: 'active' } });
    expect(await cluster.store.claimOf(UserId.parse('2'), clock.now())).toBe(call.id);
    await clock.advance(2 * leaseMs);
    expect(cluster.eventsOf('call.interrupted')).toEqual([]);
    expect([alice, bob].map((device) => device.of('call.peer').length)).toEqual([0, 0]);
    for (const { context } of cluster.nodes) expect(context.calls.putBack.size).toBe(0);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });
});
