import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import { type CallId, UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  byId,
  byUser,
  type CallCluster,
  type CallCommandOf,
  CURRENT,
  candidate,
  createCallCluster,
  DEFAULT_TIMINGS,
  good,
  offerFirst,
  type TestDevice,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';

const { ringMs, graceMs } = DEFAULT_TIMINGS;
const answer = { type: 'answer', sdp: 'a' };

let clock: ManualClock;
let cluster: CallCluster;

beforeEach(async () => {
  clock = createManualClock();
  cluster = await createCallCluster({ nodes: 2, clock });
});

afterEach(() => endWithoutLeaks(cluster));

/** The node at which Bob is; Alice's sees and does everything. */
const cut = (state: boolean): void => {
  for (const node of cluster.nodes.slice(1)) node.cut = state;
};

async function ringing() {
  const alice = await cluster.connect(1, 'peer', 0);
  const bob = await cluster.connect(2, 'peer', 1);
  const { call } = good(await alice.send(offerFirst(2)));
  await until('bob rings', () => bob.of('call.incoming').length === 1);
  return { alice, bob, call };
}

async function connected() {
  const { alice, bob, call } = await ringing();
  good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
  await cluster.quiet();
  return { alice, bob, call };
}

/** The command is one to try again, and leaves the call exactly as it was, with nothing to tell. */
async function expectRefused(device: TestDevice, command: CallCommandOf, callId: CallId): Promise<void> {
  const before = await cluster.stateOf(callId);
  const events = cluster.events.length;
  await expect(device.send(command), command.type).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
    retryable: true,
  });
  await cluster.quiet();
  expect(await cluster.stateOf(callId)).toEqual(before);
  expect(cluster.events.length).toBe(events);
}

describe('a node cut off from the others', () => {
  it('changes no call that rings, and does so when it is back', async () => {
    const { alice, bob, call } = await ringing();
    cut(true);
    const ref = byId(call.id);
    await expectRefused(bob, { type: 'call.answer', ref, answer }, call.id);
    await expectRefused(bob, { type: 'call.reject', ref, reason: 'rejected' }, call.id);
    await expectRefused(bob, { type: 'call.end', ref }, call.id);
    await expectRefused(bob, { type: 'call.ack', callId: call.id }, call.id);
    expect(alice.of('call.answered')).toEqual([]);
    cut(false);
    good(await bob.send({ type: 'call.answer', ref, answer }));
    await until('alice hears', () => alice.of('call.answered').length === 1);
    good(await bob.send({ type: 'call.end', ref }));
    await until('alice hears the end', () => alice.of('call.ended').length === 1);
  });

  it('hangs up no call, moves none, and passes its signals on all the same', async () => {
    const { alice, bob, call } = await connected();
    const tablet = await cluster.connect(2, 'peer', 1);
    cut(true);
    await expectRefused(bob, { type: 'call.end', ref: CURRENT }, call.id);
    await expectRefused(tablet, { type: 'call.take', callId: call.id }, call.id);
    expect(good(await bob.send(candidate({ c: 1 }, byUser(1))))).toEqual({ relayed: true });
    await until('alice hears him', () => alice.of('call.signal').length === 1);
    cut(false);
    good(await tablet.send({ type: 'call.take', callId: call.id }));
    good(await tablet.send({ type: 'call.end', ref: CURRENT }));
  });

  it('places none: nobody is claimed, nothing charged', async () => {
    const bob = await cluster.connect(2, 'peer', 1);
    await cluster.connect(1, 'peer', 0);
    cut(true);
    await expect(bob.send(offerFirst(1))).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    for (const user of ['1', '2']) {
      expect(await cluster.store.claimOf(UserId.parse(user), clock.now())).toBeUndefined();
    }
    cut(false);
    good(await bob.send(offerFirst(1)));
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('holds nothing for a call that rings', async () => {
    await cluster.connect(1, 'peer', 0);
    const bob = await cluster.connect(2, 'peer', 1);
    const { call } = good(await bob.send(offerFirst(1)));
    cut(true);
    const sent = bob.send(candidate({ c: 1 }));
    // What falls into a short gap waits for its end first.
    const refused = expect(sent).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await clock.advance(3_000);
    await refused;
    expect((await cluster.stateOf(call.id))?.state.heldCandidates).toEqual([]);
    const kept = bob.send(candidate({ c: 2 }));
    await clock.advance(300);
    cut(false);
    await clock.advance(300);
    good(await kept);
    expect((await cluster.stateOf(call.id))?.state.heldCandidates).toEqual([{ c: 2 }]);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('ends no call with a socket of its own that closes; the others do when its grace is over', async () => {
    const { alice, bob, call } = await connected();
    cut(true);
    await bob.leave();
    await cluster.quiet();
    expect((await cluster.stateOf(call.id))?.state).toMatchObject({
      call: { phase: 'active' },
      answerSeat: { lost: true },
    });
    await clock.advance(graceMs - 1_000);
    expect(alice.of('call.ended')).toEqual([]);
    await clock.advance(1_500);
    await until('alice hears', () => alice.of('call.ended').length === 1);
    expect(alice.of('call.ended')[0]?.reason).toBe('network_error');
  });

  it('lets a ring that is over be, when the socket that made it closes', async () => {
    const alice = await cluster.connect(1, 'peer', 1);
    await cluster.connect(2, 'peer', 1);
    const { call } = good(await alice.send(offerFirst(2)));
    cut(true);
    for (const node of cluster.nodes) node.cut = true;
    await clock.advance(ringMs + 1_000);
    await alice.leave();
    await cluster.quiet();
    expect((await cluster.stateOf(call.id))?.state.call.phase).toBe('ringing');
    for (const node of cluster.nodes) node.cut = false;
    await clock.advance(500);
    await until('it is over', () => cluster.eventsOf('call.ended').length === 1);
  });

  it('gives a device that comes back to it its seat when it is back itself', async () => {
    const { alice, bob, call } = await connected();
    await bob.leave();
    await until('alice hears that he is away', () => alice.of('call.peer').length === 1);
    cut(true);
    const back = await cluster.connect(2, 'peer', 1);
    await clock.advance(2_000);
    await expectRefused(back, { type: 'call.resume' }, call.id);
    expect((await cluster.stateOf(call.id))?.state.answerSeat?.awayUntil).toBeDefined();
    cut(false);
    await clock.advance(2_000);
    await until('alice hears that he is back', () => alice.of('call.peer').length === 2);
    good(await back.send({ type: 'call.end', ref: CURRENT }));
  });
});
