import type { LiveCalls } from '@switchboard/ports';
import { UserId } from '@switchboard/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import {
  byId,
  byUser,
  type CallCluster,
  type CallCommandOf,
  CURRENT,
  codeOf,
  createCallCluster,
  good,
  jitsiPlace,
  offerFirst,
  place,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';
import type { LiveCall } from './live-call.ts';

let cluster: CallCluster;

afterEach(() => endWithoutLeaks(cluster));

/** Repeatable chance. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** Every access to the store takes its own time, there and back. */
function jittery(roll: (sides: number) => number) {
  const hops = async (count: number) => {
    for (let n = 0; n < count; n += 1) await new Promise(setImmediate);
  };
  return (inner: LiveCalls<LiveCall>): LiveCalls<LiveCall> =>
    new Proxy(inner, {
      get(target, name) {
        const method = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          await hops(roll(6));
          const result = await method.apply(target, args);
          await hops(roll(6));
          return result;
        };
      },
    });
}

describe('answering', () => {
  it('100 devices at once: one wins, all others are told that it was elsewhere', async () => {
    cluster = await createCallCluster({ nodes: 3, liveCalls: jittery(dice(7)) });
    const alice = await cluster.connect(1);
    const bobs = await Promise.all(
      Array.from({ length: 100 }, (_, index) => cluster.connect(2, 'native', index % 3)),
    );
    const { call } = good(await alice.send(place(2)));
    await until('all ring', () => bobs.every((bob) => bob.of('call.incoming').length === 1));
    const results = await Promise.all(
      bobs.map((bob) => bob.send({ type: 'call.answer', ref: byId(call.id) })),
    );
    const winners = bobs.filter((_, index) => results[index]?.ok);
    expect(winners).toHaveLength(1);
    expect(results.filter((result) => codeOf(result) === 'CALL_IN_PROGRESS')).toHaveLength(99);
    await cluster.quiet();
    for (const bob of bobs) {
      const elsewhere = bob.of('call.ended').filter(({ reason }) => reason === 'answered_elsewhere');
      if (winners.includes(bob)) {
        expect(bob.of('call.responded')).toHaveLength(1);
        expect(elsewhere).toEqual([]);
      } else {
        expect(bob.of('call.responded')).toEqual([]);
        expect(elsewhere.length).toBeGreaterThan(0);
      }
    }
    expect(alice.of('call.answered')).toHaveLength(1);
    expect(cluster.eventsOf('call.answered')).toHaveLength(1);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });

  it('against the caller’s cancel: one of the two, never both', async () => {
    const roll = dice(11);
    for (let round = 0; round < 40; round += 1) {
      cluster = await createCallCluster({ nodes: 2, liveCalls: jittery(roll) });
      const alice = await cluster.connect(1);
      const bob = await cluster.connect(2, 'native', 1);
      good(await alice.send(place(2)));
      const [answered, cancelled] = await Promise.all([
        bob.send({ type: 'call.answer', ref: CURRENT }),
        alice.send({ type: 'call.end', ref: CURRENT }),
      ]);
      // Answered first, the caller's word is a hang-up; cancelled first, there is nothing to answer.
      expect(codeOf(cancelled)).toBe('ok');
      await cluster.quiet();
      const [ended] = cluster.eventsOf('call.ended');
      expect(ended?.call.endReason).toBe(answered.ok ? 'hangup' : 'cancelled');
      expect(await cluster.leaks()).toEqual([]);
      if (round < 39) await cluster[Symbol.asyncDispose]();
    }
  });
});

describe('glare', () => {
  const styles: Record<string, (user: number) => CallCommandOf> = {
    jitsi: jitsiPlace,
    'p2p accept-first': (user) => place(user),
    'p2p offer-first': (user) => offerFirst(user, { sdp: `for ${user}` }),
  };

  for (const [style, command] of Object.entries(styles)) {
    it(`${style}: two who call each other at once get one call, 100 interleavings`, async () => {
      const roll = dice(23);
      const dialect = style === 'jitsi' ? 'jitsi' : style === 'p2p offer-first' ? 'peer' : 'native';
      for (let round = 0; round < 100; round += 1) {
        cluster = await createCallCluster({ nodes: 2, liveCalls: jittery(roll) });
        const alice = await cluster.connect(1, dialect);
        const bob = await cluster.connect(2, dialect, 1);
        const late = roll(20);
        const [one, two] = await Promise.all([
          alice.send(command(2)),
          (async () => {
            for (let n = 0; n < late; n += 1) await new Promise(setImmediate);
            return bob.send(command(1));
          })(),
        ]);
        const calls = [one, two].map((result) => {
          const reply = good(result);
          if (!('call' in reply) || !reply.call) throw new Error('no call');
          return reply.call;
        });
        expect(new Set(calls.map((call) => call.id)).size).toBe(1);
        await cluster.quiet();
        expect(cluster.eventsOf('call.ringing')).toHaveLength(1);
        expect(cluster.eventsOf('call.ended')).toEqual([]);
        const id = calls[0]?.id;
        const state = id && (await cluster.stateOf(id))?.state;
        if (!state) throw new Error('no state');
        const holders = await Promise.all(
          ['1', '2'].map((user) => cluster.store.claimOf(UserId.parse(user), cluster.clock.now())),
        );
        expect(holders).toEqual([id, id]);
        const [caller, callee] = state.call.caller.id === '1' ? [alice, bob] : [bob, alice];
        if (style === 'p2p offer-first') {
          // Two offers: the surviving call rings the other's device, where a person takes it.
          expect(state.call.phase).toBe('ringing');
          expect(callee.of('call.incoming')).toHaveLength(1);
          expect(caller.of('call.incoming')).toEqual([]);
          const { id: callerId } = state.call.caller;
          good(
            await callee.send({ type: 'call.answer', ref: byUser(Number(callerId)), answer: { sdp: 'a' } }),
          );
          await until('the caller hears', () => caller.of('call.answered').length === 1);
        } else {
          expect(state.call.phase).toBe('active');
          expect(caller.of('call.answered')).toHaveLength(1);
          // A jitsi client that called awaits a caller's words.
          expect(callee.of('call.answered')).toHaveLength(style === 'jitsi' ? 1 : 0);
          expect(callee.of('call.responded')).toHaveLength(1);
        }
        good(await alice.send({ type: 'call.end', ref: CURRENT }));
        await cluster.quiet();
        expect(await cluster.leaks()).toEqual([]);
        if (round < 99) await cluster[Symbol.asyncDispose]();
      }
    }, 120_000);
  }

  it('calling back a user who has been ringing for a while is an answer, too', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'jitsi');
    const bob = await cluster.connect(2, 'jitsi');
    const bobTab = await cluster.connect(2, 'jitsi');
    const { call } = good(await alice.send(jitsiPlace(2)));
    await until('both ring', () => bob.of('call.incoming').length + bobTab.of('call.incoming').length === 2);
    expect(good(await bob.send(jitsiPlace(1))).call).toMatchObject({ id: call.id, phase: 'active' });
    await until('the tab falls silent', () => bobTab.of('call.ended').length === 1);
    expect(bob.of('call.placed')[0]?.call.id).toBe(call.id);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('of different media the later one is told that its user is being called', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'native');
    await cluster.connect(2, 'jitsi');
    const bob = await cluster.connect(2, 'peer');
    good(await alice.send(jitsiPlace(2)));
    expect(codeOf(await bob.send(offerFirst(1)))).toBe('CALL_IN_PROGRESS');
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });
});

describe('claims', () => {
  it('everybody calling everybody leaves each in at most one call, and nobody claimed for nothing', async () => {
    const roll = dice(31);
    for (let round = 0; round < 20; round += 1) {
      cluster = await createCallCluster({ nodes: 2, liveCalls: jittery(roll) });
      const users = [1, 2, 3, 4, 5, 6];
      const devices = await Promise.all(users.map((user) => cluster.connect(user, 'native', user % 2)));
      await Promise.all(devices.map((device) => device.send(place(users[roll(6)] ?? 1))));
      await cluster.quiet();
      const inCall = new Map<string, string>();
      for (const ringing of cluster.eventsOf('call.ringing')) {
        const state = (await cluster.stateOf(ringing.call.id))?.state;
        if (!state || state.call.phase === 'ended') continue;
        for (const id of [state.call.caller.id, ...state.call.callees.map((user) => user.id)]) {
          expect(inCall.get(id)).toBeUndefined();
          inCall.set(id, state.call.id);
        }
      }
      for (const device of devices) await device.send({ type: 'call.end', ref: CURRENT });
      await cluster.quiet();
      for (const user of users) {
        expect(await cluster.store.claimOf(UserId.parse(String(user)), cluster.clock.now())).toBeUndefined();
      }
      if (round < 19) await cluster[Symbol.asyncDispose]();
    }
  }, 60_000);

  it('a claim whose holder never made its call is taken over after a short time', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1);
    await cluster.connect(2);
    const ghost = byId('0b7f3c54-9d2e-4d5c-8f8f-6a2b3c4d5e6f').callId;
    const now = cluster.clock.now();
    await cluster.store.claim(UserId.parse('2'), ghost, now + 3_600_000, now);
    const { call } = good(await alice.send(place(2)));
    expect(cluster.clock.now() - now).toBeLessThan(4_000);
    expect(await cluster.store.claimOf(UserId.parse('2'), cluster.clock.now())).toBe(call.id);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });
});
