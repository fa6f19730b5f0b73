import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import { UserId } from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tellEndsAgain } from '../deliver/tell-ends-again.ts';
import {
  byId,
  byUser,
  type CallCluster,
  CURRENT,
  candidate,
  codeOf,
  createCallCluster,
  DEFAULT_TIMINGS,
  good,
  jitsiPlace,
  offerFirst,
  place,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';
import { tombstoneMs } from './live-call.ts';

const { ringMs, graceMs, leaseMs } = DEFAULT_TIMINGS;
const answer = { type: 'answer', sdp: 'a' };

let clock: ManualClock;
let cluster: CallCluster;

beforeEach(async () => {
  clock = createManualClock();
  cluster = await createCallCluster({ nodes: 2, clock });
});

afterEach(() => endWithoutLeaks(cluster));

async function connected(caller = 0, callee = 1) {
  const alice = await cluster.connect(1, 'peer', caller);
  const bob = await cluster.connect(2, 'peer', callee);
  const { call } = good(await alice.send(offerFirst(2)));
  good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
  await cluster.quiet();
  return { alice, bob, call };
}

describe('time', () => {
  it('a ring that nobody answers ends on the dot, for both, once', async () => {
    const alice = await cluster.connect(1, 'jitsi');
    const bob = await cluster.connect(2, 'jitsi', 1);
    const { call } = good(await alice.send(jitsiPlace(2)));
    await clock.advance(ringMs - 1);
    expect(cluster.eventsOf('call.ended')).toEqual([]);
    await clock.advance(1);
    await until('both hear', () => alice.of('call.rejected').length + bob.of('call.ended').length === 2);
    expect(alice.of('call.rejected')[0]?.reason).toBe('timeout');
    expect(bob.of('call.ended')[0]?.reason).toBe('timeout');
    expect(cluster.eventsOf('call.ended')[0]?.call).toMatchObject({
      endReason: 'missed',
      endedAt: new Date(clock.now()).toISOString(),
    });
    expect(codeOf(await bob.send({ type: 'call.answer', ref: byId(call.id) }))).toBe('CALL_NOT_FOUND');
    // The tombstone goes in its time.
    await clock.advance(tombstoneMs(DEFAULT_TIMINGS) + 1_000);
    await cluster.quiet();
    expect(await cluster.stateOf(call.id)).toBeUndefined();
    expect(cluster.eventsOf('call.ended')).toHaveLength(1);
  });

  it('another node ends the ring of a node that died', async () => {
    const alice = await cluster.connect(1, 'native', 0);
    const bob = await cluster.connect(2, 'native', 1);
    good(await alice.send(place(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    cluster.nodes[0]?.crash();
    await clock.advance(ringMs + 250);
    await until('bob hears', () => bob.of('call.ended').length === 1);
    expect(cluster.eventsOf('call.ended').map((event) => event.call.endReason)).toEqual(['missed']);
  });

  it('a call on living nodes goes on for hours', async () => {
    const { alice, call } = await connected();
    await clock.advance(3 * 3_600_000);
    expect((await cluster.stateOf(call.id))?.state.call.phase).toBe('active');
    expect(await cluster.store.claimOf(UserId.parse('1'), clock.now())).toBe(call.id);
    expect(await cluster.store.claimOf(UserId.parse('2'), clock.now())).toBe(call.id);
    expect(cluster.eventsOf('call.interrupted')).toEqual([]);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  }, 60_000);
});

describe('a lost device', () => {
  it('returns within the grace, on another node and undeclared, and signals reach it', async () => {
    const { alice, bob, call } = await connected();
    await bob.leave();
    await until('alice hears that bob is away', () => alice.of('call.peer').length === 1);
    expect(alice.of('call.peer')[0]).toMatchObject({ state: 'away', by: { id: '2' } });
    await clock.advance(graceMs - 1_000);
    const back = await cluster.connect(2, null, 0);
    await until('alice hears that bob is back', () => alice.of('call.peer').length === 2);
    expect(alice.of('call.peer')[1]?.state).toBe('back');
    await clock.advance(2 * graceMs);
    expect((await cluster.stateOf(call.id))?.state.call).toMatchObject({
      phase: 'active',
      answerDevice: { deviceId: back.deviceId, dialect: 'peer' },
    });
    good(await alice.send(candidate({ c: 1 }, byUser(2))));
    good(await back.send(candidate({ c: 2 }, byUser(1))));
    await until('both hear', () => back.of('call.signal').length + alice.of('call.signal').length === 2);
    good(await back.send({ type: 'call.end', ref: byUser(1) }));
  });

  it('that stays away ends the call', async () => {
    const { alice, bob } = await connected();
    await bob.leave();
    await cluster.quiet();
    await clock.advance(graceMs - 1);
    expect(alice.of('call.ended')).toEqual([]);
    await clock.advance(1);
    await until('alice hears', () => alice.of('call.ended').length === 1);
    expect(alice.of('call.ended')[0]?.reason).toBe('network_error');
  });

  it('a caller who is away when it is answered hears the answer on return', async () => {
    const alice = await cluster.connect(1, 'peer', 0);
    const bob = await cluster.connect(2, 'peer', 1);
    good(await alice.send(offerFirst(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    await alice.leave();
    await cluster.quiet();
    good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
    await cluster.quiet();
    const back = await cluster.connect(1, 'peer', 1);
    expect(back.of('call.answered')).toHaveLength(1);
    expect(back.of('call.answered')[0]?.answer).toEqual(answer);
    good(await back.send({ type: 'call.end', ref: byUser(2) }));
  });

  it.each([
    ['jitsi', jitsiPlace(2)],
    ['native', place(2)],
  ] as const)(
    'a %s caller whose line was dead when it was answered hears so on return, until it was there',
    async (dialect, command) => {
      const alice = await cluster.connect(1, dialect, 0);
      const bob = await cluster.connect(2, dialect, 1);
      good(await alice.send(command));
      await until('bob rings', () => bob.of('call.incoming').length === 1);
      // Nobody knows yet.
      alice.connected = false;
      good(await bob.send({ type: 'call.answer', ref: CURRENT }));
      await cluster.quiet();
      await alice.leave();
      await cluster.quiet();
      const back = await cluster.connect(1, dialect, 1);
      await cluster.quiet();
      expect(back.of('call.answered')).toHaveLength(1);
      await clock.advance(leaseMs / 3);
      await cluster.quiet();
      await back.leave();
      await cluster.quiet();
      const later = await cluster.connect(1, dialect, 0);
      await cluster.quiet();
      expect(later.of('call.answered')).toEqual([]);
      good(await later.send({ type: 'call.end', ref: CURRENT }));
    },
  );

  it('gone before its place was stored loses the seat at once', async () => {
    const alice = await cluster.connect(1, 'native', 0);
    const bob = await cluster.connect(2, 'native', 1);
    const placing = alice.send(place(2));
    await alice.leave();
    await placing;
    await cluster.quiet();
    await clock.advance(graceMs);
    await until('bob stops ringing', () => bob.of('call.ended').length === 1);
    expect(bob.of('call.ended')[0]?.reason).toBe('network_error');
  });

  it('a second device of a party gets no seat while the first is there, and none in the end of another dialect', async () => {
    const { alice, bob, call } = await connected();
    const jitsi = await cluster.connect(2, 'jitsi', 0);
    const tab = await cluster.connect(2, 'peer', 0);
    expect(good(await tab.send({ type: 'call.resume' })).call?.answerDevice?.deviceId).toBe(bob.deviceId);
    await clock.advance(graceMs);
    expect((await cluster.stateOf(call.id))?.state.call.answerDevice?.deviceId).toBe(bob.deviceId);
    // It came while the call was on: maybe the same device by another way. So once the first is lost, it may.
    await bob.leave();
    await until('the tab has the seat', async () => {
      const device = (await cluster.stateOf(call.id))?.state.call.answerDevice?.deviceId;
      return device === tab.deviceId;
    });
    expect(jitsi.received).toEqual([]);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });

  it('an undeclared socket that took a seat and turns out to speak something else gives it back', async () => {
    const { alice, bob, call } = await connected();
    await bob.leave();
    await cluster.quiet();
    const stranger = await cluster.connect(2, null, 0);
    await stranger.declare('jitsi');
    await cluster.quiet();
    expect((await cluster.stateOf(call.id))?.state.answerSeat?.awayUntil).toBeDefined();
    const back = await cluster.connect(2, 'peer', 1);
    await cluster.quiet();
    expect((await cluster.stateOf(call.id))?.state.answerSeat?.device.deviceId).toBe(back.deviceId);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });

  it('a socket that took a seat and turns out to spell its vocabulary otherwise sits there in its own spelling', async () => {
    const { alice, bob, call } = await connected();
    await bob.leave();
    await cluster.quiet();
    const back = await cluster.connect(2, 'expo', 0);
    await back.declare('expo-lower');
    await until('it has the seat again', async () => {
      const seat = (await cluster.stateOf(call.id))?.state.answerSeat;
      return seat?.device.dialect === 'expo-lower' && seat.awayUntil === undefined;
    });
    good(await alice.send(candidate({ c: 1 }, byUser(2))));
    await until('a signal reaches it', () => back.of('call.signal').length === 1);
    good(await back.send({ type: 'call.end', ref: byUser(1) }));
  });

  it('a socket that arrives while it rings is rung at once, with the offer, and not again when it declares', async () => {
    const alice = await cluster.connect(1, 'peer', 0);
    const bob = await cluster.connect(2, 'peer', 1);
    const { call } = good(await alice.send(offerFirst(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    await cluster.quiet();
    const late = await cluster.connect(2, null, 1);
    expect(late.of('call.incoming')).toHaveLength(1);
    expect(late.of('call.incoming')[0]).toMatchObject({ offer: { sdp: 'o' }, call: { id: call.id } });
    await late.declare('peer');
    expect(late.of('call.incoming')).toHaveLength(1);
    const jitsi = await cluster.connect(2, 'jitsi', 0);
    expect(jitsi.received).toEqual([]);
    expect(good(await late.send({ type: 'call.resume' })).offer).toEqual({ type: 'offer', sdp: 'o' });
    good(await late.send({ type: 'call.answer', ref: byUser(1), answer }));
    good(await late.send({ type: 'call.end', ref: byUser(1) }));
  });
});

describe('a node that dies', () => {
  it('between storing a ring and publishing it: another publishes it, once', async () => {
    const alice = await cluster.connect(1, 'native', 0);
    const bob = await cluster.connect(2, 'native', 1);
    cluster.nodes[0]?.crashOn('publish');
    good(await alice.send(place(2)));
    await until('the node is dead', () => !alice.connected);
    expect(cluster.events).toEqual([]);
    await clock.advance(1_500);
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    await clock.advance(10_000);
    expect(cluster.eventsOf('call.ringing')).toHaveLength(1);
    expect(bob.of('call.incoming')).toHaveLength(1);
    good(await bob.send({ type: 'call.reject', ref: CURRENT, reason: 'rejected' }));
  });

  it('right after storing an answer: the events come once, the caller hears it once, the callee returns elsewhere', async () => {
    const alice = await cluster.connect(1, 'peer', 1);
    const bob = await cluster.connect(2, 'peer', 0);
    const tab = await cluster.connect(2, 'peer', 1);
    const { call } = good(await alice.send(offerFirst(2)));
    await until('both ring', () => bob.of('call.incoming').length + tab.of('call.incoming').length === 2);
    await cluster.quiet();
    cluster.nodes[0]?.crashOn('publish');
    good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
    await until('the node is dead', () => !bob.connected);
    await clock.advance(1_500);
    await until('the tab hears', () => tab.of('call.ended').length === 1);
    expect(cluster.eventsOf('call.answered')).toHaveLength(1);
    expect(alice.of('call.answered')).toHaveLength(1);

    // Bob is back long before anybody can know that his first socket is gone.
    const back = await cluster.connect(2, 'peer', 1);
    await clock.advance(leaseMs + 1_000);
    await until('bob has his seat', async () => {
      const state = (await cluster.stateOf(call.id))?.state;
      return state?.answerSeat?.device.deviceId === back.deviceId;
    });
    await clock.advance(2 * graceMs);
    good(await alice.send(candidate({ c: 1 }, byUser(2))));
    await until('bob hears', () => back.of('call.signal').some(({ signal }) => signal.kind === 'candidate'));
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
  });

  it('after an end was stored: nobody stays claimed', async () => {
    const { alice, bob } = await connected();
    cluster.nodes[0]?.crashOn('release');
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
    await until('the node is dead', () => !alice.connected);
    await clock.advance(1_500);
    await until('bob hears', () => bob.of('call.ended').length === 1);
    expect(cluster.eventsOf('call.ended')).toHaveLength(1);
    await cluster.quiet();
    expect(await cluster.leaks()).toEqual([]);
    await cluster.connect(1, 'peer', 1);
    good(await bob.send(offerFirst(1)));
    good(await bob.send({ type: 'call.end', ref: byUser(1) }));
  });
});

describe('a bus that is away', () => {
  it('holds up no call, and hears everything in order, once, when it is back', async () => {
    const alice = await cluster.connect(1, 'native', 0);
    const bob = await cluster.connect(2, 'native', 1);
    for (const node of cluster.nodes) node.busAway = true;
    good(await alice.send(place(2)));
    good(await bob.send({ type: 'call.answer', ref: CURRENT }));
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
    await clock.advance(5_000);
    expect(cluster.events).toEqual([]);
    for (const node of cluster.nodes) node.busAway = false;
    await clock.advance(10_000);
    await until('all is told', () => cluster.events.length === 3);
    expect(cluster.events.map((event) => event.type)).toEqual([
      'call.ringing',
      'call.answered',
      'call.ended',
    ]);
    // It was over by then: nobody is rung any more.
    expect(bob.of('call.incoming')).toEqual([]);
    expect(alice.of('call.answered')).toHaveLength(1);
    await until('both hear the end', () => alice.of('call.ended').length + bob.of('call.ended').length === 2);
  });
});

describe('an emptied store', () => {
  const forgetAll = (callId: Parameters<CallCluster['stateOf']>[0]) => cluster.forget(callId, [1, 2]);

  it('is filled again by the nodes that host the call, claims included', async () => {
    const { alice, bob, call } = await connected();
    await forgetAll(call.id);
    await clock.advance(leaseMs / 3);
    await until('it is back', async () => (await cluster.stateOf(call.id)) !== undefined);
    await cluster.quiet();
    expect((await cluster.stateOf(call.id))?.state.call).toMatchObject({ id: call.id, phase: 'active' });
    expect(await cluster.store.claimOf(UserId.parse('1'), clock.now())).toBe(call.id);
    expect(await cluster.store.claimOf(UserId.parse('2'), clock.now())).toBe(call.id);
    good(await bob.send({ type: 'call.end', ref: byUser(1) }));
    await until('alice hears', () => alice.of('call.ended').length === 1);
    expect(cluster.eventsOf('call.answered')).toHaveLength(1);
  });

  it('filled by a node that had not heard of the answer, the call is answered all the same', async () => {
    const { alice, bob, call } = await connected(0, 1);
    const now = await cluster.store.get(call.id);
    if (!now) throw new Error('no such call');
    const { answerSeat: _, answer: __, ...before } = now.state.state;
    const { answeredBy: ___, answeredAt: ____, answerDevice: _____, ...unanswered } = before.call;
    const ringing = {
      ...now.state,
      state: { ...before, call: { ...unanswered, phase: 'ringing' as const } },
    };
    expect(await cluster.store.compareAndSet(call.id, now.version, ringing, clock.now() + 60_000)).toBe(true);
    await clock.advance(leaseMs / 3);
    await cluster.quiet();
    expect((await cluster.stateOf(call.id))?.state.call).toMatchObject({ phase: 'active', answeredBy: '2' });
    good(await bob.send({ type: 'call.end', ref: byUser(1) }));
    await until('alice hears', () => alice.of('call.ended').length === 1);
  });

  it('is filled at once when a party asks for the call', async () => {
    const { alice, bob, call } = await connected();
    await forgetAll(call.id);
    good(await bob.send({ type: 'call.end', ref: byUser(1) }));
    await until('alice hears', () => alice.of('call.ended').length === 1);
  });

  it('an ended call is not brought back by a node that slept through its end', async () => {
    const { alice, bob, call } = await connected(0, 1);
    cluster.nodes[1]?.deafen();
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
    await until('bob hears', () => bob.of('call.ended').length === 1);
    expect(cluster.nodes[1]?.context.calls.hosted.get(call.id)).toBeDefined();
    await clock.advance(leaseMs);
    expect(cluster.nodes[1]?.context.calls.hosted.get(call.id)).toBeUndefined();
    await clock.advance(tombstoneMs(DEFAULT_TIMINGS) + 5_000);
    await cluster.quiet();
    expect(await cluster.stateOf(call.id)).toBeUndefined();
    expect(cluster.eventsOf('call.ended')).toHaveLength(1);
  });

  it('nor when the store has forgotten the end, too', async () => {
    const { alice, bob, call } = await connected(0, 1);
    cluster.nodes[1]?.deafen();
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
    await until('bob hears', () => bob.of('call.ended').length === 1);
    await cluster.quiet();
    await forgetAll(call.id);
    await clock.advance(leaseMs);
    await cluster.quiet();
    expect(cluster.nodes[1]?.context.calls.hosted.get(call.id)).toBeUndefined();
    expect(await cluster.stateOf(call.id)).toBeUndefined();
  });

  it('puts back what history lost sight of, or cannot be asked about', async () => {
    const { alice, bob, call } = await connected(0, 1);
    await forgetAll(call.id);
    cluster.historyAway.now = true;
    await clock.advance(leaseMs / 3);
    await until('it is back', async () => (await cluster.stateOf(call.id)) !== undefined);
    cluster.historyAway.now = false;
    good(await bob.send({ type: 'call.end', ref: byUser(1) }));
    await until('alice hears', () => alice.of('call.ended').length === 1);
  });
});

describe('a node whose sockets could not be reached', () => {
  it('tells them once more what ended meanwhile', async () => {
    const { alice, bob, call } = await connected(0, 1);
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
    await until('both hear', () => alice.of('call.ended').length + bob.of('call.ended').length === 2);
    await cluster.quiet();
    const context = cluster.nodes[1]?.context;
    if (!context) throw new Error('no such node');
    tellEndsAgain(context);
    await clock.advance(2_000);
    await until('bob hears again', () => bob.of('call.ended').length === 2);
    expect(bob.of('call.ended')[1]).toMatchObject({ reason: 'hangup', call: { id: call.id } });

    await clock.advance(120_000);
    tellEndsAgain(context);
    await clock.advance(2_000);
    await cluster.quiet();
    expect(bob.of('call.ended')).toHaveLength(2);
  });
});

describe('accounts', () => {
  it('a ban ends an active call and a ringing one, for the other party', async () => {
    const { alice } = await connected();
    await cluster.ban(2);
    await until('alice hears', () => alice.of('call.ended').length === 1);
    expect(cluster.eventsOf('call.ended')[0]?.call).toMatchObject({ endReason: 'banned', endedBy: '2' });

    await cluster.connect(3, 'peer', 1);
    good(await alice.send(offerFirst(3)));
    await cluster.ban(3);
    await until('alice hears again', () => alice.of('call.rejected').length === 1);
    expect(alice.of('call.rejected')[0]?.reason).toBe('unavailable');
  });
});
