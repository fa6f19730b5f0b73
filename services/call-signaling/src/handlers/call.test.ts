import { afterEach, describe, expect, it } from 'vitest';
import {
  byId,
  byUser,
  type CallCluster,
  CURRENT,
  candidate,
  codeOf,
  createCallCluster,
  good,
  jitsiPlace,
  offerFirst,
  place,
  until,
} from '../testing/call-cluster.ts';
import { endWithoutLeaks } from '../testing/end-without-leaks.ts';

let cluster: CallCluster;

afterEach(() => endWithoutLeaks(cluster));

const answer = { type: 'answer', sdp: 'a' };

describe('a call from ring to hang-up', () => {
  it('offer-first: ring, answer, candidates both ways, end', async () => {
    cluster = await createCallCluster({ nodes: 2 });
    const alice = await cluster.connect(1, 'peer', 0);
    const bob = await cluster.connect(2, 'peer', 1);
    // As a client trickles: without waiting for any reply.
    const placed = alice.send(offerFirst(2));
    const early = alice.send(candidate({ c: 1 }, byUser(2)));
    const { call } = good(await placed);
    expect(good(await early)).toEqual({ relayed: false });
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    expect(bob.of('call.incoming')[0]).toMatchObject({ offer: { sdp: 'o' }, call: { id: call.id } });
    expect(alice.of('call.placed')).toHaveLength(1);

    const answering = bob.send({ type: 'call.answer', ref: byUser(1), answer });
    const trickled = bob.send(candidate({ c: 'b' }, byUser(1)));
    expect(good(await answering)).toMatchObject({ renegotiation: false, call: { phase: 'active' } });
    expect(good(await trickled)).toEqual({ relayed: true });
    await until('alice hears both', () => alice.of('call.signal').length === 1);
    // The answer comes before the candidate that needs it, once.
    const words = alice.received.map((delivery) => delivery.type);
    expect(words.filter((word) => word === 'call.answered' || word === 'call.signal')).toEqual([
      'call.answered',
      'call.signal',
    ]);
    expect(alice.of('call.answered')[0]).toMatchObject({ answer, by: { id: '2' } });
    // Bob gets what was held, and no offer twice.
    expect(bob.of('call.signal').map(({ signal }) => signal)).toEqual([
      { kind: 'candidate', payload: { c: 1 } },
    ]);

    expect(good(await alice.send(candidate({ c: 2 }, byUser(2))))).toEqual({ relayed: true });
    await until('bob hears it', () => bob.of('call.signal').length === 2);
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
    await until('both hear the end', () => bob.of('call.ended').length + alice.of('call.ended').length === 2);
    expect(bob.of('call.ended')[0]).toMatchObject({ reason: 'hangup', by: { id: '1' } });
    await cluster.quiet();
    expect(cluster.events.map((event) => event.type)).toEqual([
      'call.ringing',
      'call.answered',
      'call.ended',
    ]);
    expect(bob.of('call.responded')).toHaveLength(1);
    expect(alice.of('call.answered')).toHaveLength(1);
  });

  it('offer-first caller, accept-first callee: the offer follows the accept, before the candidates', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'peer');
    const bob = await cluster.connect(2, 'native');
    const placing = alice.send(offerFirst(2));
    const trickling = alice.send(candidate({ c: 1 }));
    const { call } = good(await placing);
    await trickling;
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    const reply = good(await bob.send({ type: 'call.answer', ref: byId(call.id) }));
    expect(reply.offer).toEqual({ type: 'offer', sdp: 'o' });
    expect(bob.of('call.signal').map(({ signal }) => signal.kind)).toEqual(['offer', 'candidate']);
    const signal = { kind: 'answer', payload: answer } as const;
    good(await bob.send({ type: 'call.signal', ref: CURRENT, signal }));
    await until('alice hears the answer', () => alice.of('call.signal').length === 1);
    expect(alice.of('call.signal')[0]).toMatchObject({ from: { id: '2' }, signal });
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('accept-first: the offer of a ringing caller is held', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1);
    const bob = await cluster.connect(2);
    good(await alice.send(place(2)));
    const offer = { kind: 'offer', payload: { sdp: 'late' } } as const;
    expect(good(await alice.send({ type: 'call.signal', ref: CURRENT, signal: offer }))).toEqual({
      relayed: false,
    });
    expect(good(await bob.send({ type: 'call.answer', ref: CURRENT })).offer).toEqual({ sdp: 'late' });
    expect(bob.of('call.signal')).toHaveLength(1);
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
  });

  it('a repeated place or answer inside a call is a renegotiation', async () => {
    cluster = await createCallCluster({ rateLimit: { points: 1, windowMs: 60_000 } });
    const alice = await cluster.connect(1, 'peer');
    const bob = await cluster.connect(2, 'peer');
    good(await alice.send(offerFirst(2)));
    good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
    await cluster.quiet();

    // Either side may offer anew; its own limit for new calls does not count.
    const again = good(await bob.send(offerFirst(1, { sdp: 'bob anew' })));
    expect(again.renegotiation).toBe(true);
    await until('alice hears', () => alice.of('call.signal').length === 1);
    expect(alice.of('call.signal')[0]?.signal).toEqual({ kind: 'offer', payload: { sdp: 'bob anew' } });
    const reply = good(
      await alice.send({ type: 'call.answer', ref: byUser(2), answer: { sdp: 'alice anew' } }),
    );
    expect(reply.renegotiation).toBe(true);
    await until('bob hears', () => bob.of('call.signal').length === 1);
    expect(bob.of('call.signal')[0]?.signal).toEqual({ kind: 'answer', payload: { sdp: 'alice anew' } });
    // The retry of the answer that made the call is none.
    good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
    await cluster.quiet();
    expect(alice.of('call.signal')).toHaveLength(1);
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
  });

  it('a repeated place while it rings puts the new offer in the place of the old', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'peer');
    const bob = await cluster.connect(2, 'peer');
    good(await alice.send(offerFirst(2, { sdp: 'first' })));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    good(await alice.send(offerFirst(2, { sdp: 'second' })));
    await until('bob rings anew', () => bob.of('call.incoming').length === 2);
    expect(bob.of('call.incoming')[1]?.offer).toEqual({ sdp: 'second' });
    good(await alice.send(offerFirst(2, { sdp: 'second' })));
    await cluster.quiet();
    expect(bob.of('call.incoming')).toHaveLength(2);
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
    await until('bob stops ringing', () => bob.of('call.ended').length === 1);
    expect(bob.of('call.ended')[0]?.reason).toBe('cancelled');
  });

  it('rejected, by word or as busy: the caller hears it, the callee’s other devices fall silent', async () => {
    for (const reason of ['rejected', 'busy'] as const) {
      cluster = await createCallCluster();
      const alice = await cluster.connect(1, 'jitsi');
      const bob = await cluster.connect(2, 'jitsi');
      const tablet = await cluster.connect(2, 'jitsi');
      const phone = await cluster.connect(2, 'peer');
      const { call } = good(await alice.send(jitsiPlace(2)));
      await until(
        'both ring',
        () => bob.of('call.incoming').length + tablet.of('call.incoming').length === 2,
      );
      good(await bob.send({ type: 'call.reject', ref: byId(call.id), reason }));
      await until('alice hears', () => alice.of('call.rejected').length === 1);
      await until('the tablet hears', () => tablet.of('call.ended').length === 1);
      expect(alice.of('call.rejected')[0]).toMatchObject({ reason, by: { id: '2' } });
      expect(tablet.of('call.ended')[0]?.reason).toBe('rejected_elsewhere');
      expect(bob.of('call.responded')[0]?.response).toBe(reason === 'busy' ? 'busy' : 'reject');
      await cluster.quiet();
      expect(phone.received).toEqual([]);
      expect(bob.of('call.ended')).toEqual([]);
      expect(await cluster.leaks()).toEqual([]);
      if (reason === 'rejected') await cluster[Symbol.asyncDispose]();
    }
  });
});

describe('placing', () => {
  it('nobody, oneself, the unknown and the deleted cannot be called', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'jitsi');
    expect(codeOf(await alice.send(jitsiPlace(1)))).toBe('INVALID_DATA');
    expect(codeOf(await alice.send(jitsiPlace(1000)))).toBe('USER_NOT_FOUND');
    cluster.statuses.set('3', 'deleted');
    expect(codeOf(await alice.send(jitsiPlace(3)))).toBe('USER_NOT_FOUND');
    expect(alice.of('call.failed').map(({ reason }) => reason)).toEqual(['user_not_found', 'user_not_found']);
    expect(cluster.events).toEqual([]);
  });

  it('a callee without a device, or with none that can be rung, is unavailable and the call is recorded', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'jitsi');
    expect(codeOf(await alice.send(jitsiPlace(2)))).toBe('USER_UNAVAILABLE');
    await cluster.connect(2, 'peer');
    expect(codeOf(await alice.send(jitsiPlace(2)))).toBe('USER_UNAVAILABLE');
    await cluster.connect(2, null);
    const { call } = good(await alice.send(jitsiPlace(2)));
    expect(alice.of('call.failed').map(({ reason }) => reason)).toEqual([
      'user_unavailable',
      'user_unavailable',
    ]);
    good(await alice.send({ type: 'call.end', ref: byId(call.id) }));
    await cluster.quiet();
    expect(cluster.eventsOf('call.ended').map((event) => event.call.endReason)).toEqual([
      'unavailable',
      'unavailable',
      'cancelled',
    ]);
    expect(alice.of('call.rejected')).toEqual([]);
  });

  it('a callee in another call is busy; a caller in one is told so', async () => {
    cluster = await createCallCluster({ nodes: 2 });
    const alice = await cluster.connect(1, 'native', 0);
    await cluster.connect(2, 'native', 1);
    const carol = await cluster.connect(3, 'native', 1);
    await cluster.connect(4, 'native', 1);
    good(await alice.send(place(2)));
    expect(codeOf(await carol.send(place(2)))).toBe('USER_UNAVAILABLE');
    expect(codeOf(await carol.send(place(1)))).toBe('USER_UNAVAILABLE');
    expect(carol.of('call.failed').map(({ reason }) => reason)).toEqual(['user_busy', 'user_busy']);
    expect(codeOf(await alice.send(place(4)))).toBe('CALL_IN_PROGRESS');
    expect(codeOf(await alice.send(place(2)))).toBe('CALL_IN_PROGRESS');
    good(await alice.send({ type: 'call.end', ref: CURRENT }));
    await cluster.quiet();
    good(await carol.send(place(2)));
    good(await carol.send({ type: 'call.end', ref: CURRENT }));
  });

  it('a retry with the same id is the same call, before and after its end, and rings once', async () => {
    cluster = await createCallCluster({ nodes: 2 });
    const alice = await cluster.connect(1, 'native', 0);
    const other = await cluster.connect(1, 'native', 1);
    const bob = await cluster.connect(2);
    const callId = byId('0b7f3c54-9d2e-4d5c-8f8f-6a2b3c4d5e6f').callId;
    const results = await Promise.all([
      alice.send(place(2, { callId })),
      other.send(place(2, { callId })),
      alice.send(place(2, { callId })),
    ]);
    for (const result of results) expect(good(result).call.id).toBe(callId);
    await until('bob rings', () => bob.of('call.incoming').length > 0);
    good(await bob.send({ type: 'call.reject', ref: CURRENT, reason: 'rejected' }));
    expect(good(await alice.send(place(2, { callId }))).call.endReason).toBe('rejected');
    expect(codeOf(await bob.send(place(1, { callId })))).toBe('PERMISSION_DENIED');
    await cluster.quiet();
    expect(bob.of('call.incoming')).toHaveLength(1);
    expect(cluster.eventsOf('call.ringing')).toHaveLength(1);
  });

  it('new offers inside a ringing call ring only as often as the limit for calls allows', async () => {
    cluster = await createCallCluster({ rateLimit: { points: 3, windowMs: 60_000 } });
    const alice = await cluster.connect(1, 'peer');
    const bob = await cluster.connect(2, 'peer');
    good(await alice.send(offerFirst(2, { sdp: 0 })));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    const codes: string[] = [];
    for (let n = 1; n <= 20; n += 1) codes.push(codeOf(await alice.send(offerFirst(2, { sdp: n }))));
    expect(codes.filter((code) => code === 'ok')).toHaveLength(3);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(17);
    // A retry rings nothing and costs nothing; the offer that rang last is the one that holds.
    good(await alice.send(offerFirst(2, { sdp: 3 })));
    await cluster.quiet();
    expect(bob.of('call.incoming').map(({ offer }) => offer)).toEqual([0, 1, 2, 3].map((sdp) => ({ sdp })));
    // Once answered nothing rings, and nothing is counted.
    good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
    good(await alice.send(offerFirst(2, { sdp: 'anew' })));
    good(await alice.send({ type: 'call.end', ref: byUser(2) }));
  });

  it('an id that only history still knows is refused, to the same pair and to others, and rings nobody', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1);
    const bob = await cluster.connect(2);
    const carol = await cluster.connect(3);
    const { callId } = byId('0b7f3c54-9d2e-4d5c-8f8f-6a2b3c4d5e6f');
    good(await alice.send(place(2, { callId })));
    good(await bob.send({ type: 'call.reject', ref: CURRENT, reason: 'rejected' }));
    await cluster.quiet();
    const tombstone = await cluster.store.get(callId);
    await cluster.store.compareAndSet(callId, tombstone?.version ?? 0, null, null);

    expect(codeOf(await carol.send(place(2, { callId })))).toBe('INVALID_DATA');
    expect(codeOf(await alice.send(place(2, { callId })))).toBe('INVALID_DATA');
    await cluster.quiet();
    expect(bob.of('call.incoming')).toHaveLength(1);
    expect(await cluster.stateOf(callId)).toBeUndefined();

    // No database, no memory; calls go on all the same.
    cluster.historyAway.now = true;
    const fresh = byId('1b7f3c54-9d2e-4d5c-8f8f-6a2b3c4d5e6f').callId;
    expect(good(await carol.send(place(2, { callId: fresh }))).call.id).toBe(fresh);
    expect(cluster.warnings.some((line) => line.includes('could not be checked'))).toBe(true);
    good(await carol.send({ type: 'call.end', ref: CURRENT }));
  });

  it('the rate limit counts new calls of a user', async () => {
    cluster = await createCallCluster({ rateLimit: { points: 2, windowMs: 60_000 } });
    const alice = await cluster.connect(1);
    await alice.send(place(2));
    await alice.send(place(2));
    const third = await alice.send(place(2));
    expect(codeOf(third)).toBe('RATE_LIMITED');
    expect(third.ok ? 0 : third.error.retryAfterMs).toBeGreaterThan(50_000);
  });
});

describe('who may do what', () => {
  it('bystanders and a party’s other devices hear no, the unknown is not found, nobody in the call hears of it', async () => {
    cluster = await createCallCluster({ nodes: 2 });
    const alice = await cluster.connect(1);
    const aliceTab = await cluster.connect(1, 'native', 1);
    const bob = await cluster.connect(2, 'native', 1);
    const bobTab = await cluster.connect(2);
    const eve = await cluster.connect(3);
    const { call } = good(await alice.send(place(2)));
    const ref = byId(call.id);
    for (const phase of ['ringing', 'active']) {
      if (phase === 'active') {
        good(await bob.send({ type: 'call.answer', ref }));
        await until('all is told', () => bobTab.of('call.ended').length === 1);
        expect(bobTab.of('call.ended')[0]?.reason).toBe('answered_elsewhere');
      }
      await cluster.quiet();
      const heard = [alice, bob].map((device) => device.received.length);
      expect(codeOf(await eve.send({ type: 'call.answer', ref }))).toBe('PERMISSION_DENIED');
      expect(codeOf(await eve.send({ type: 'call.reject', ref, reason: 'rejected' }))).toBe(
        'PERMISSION_DENIED',
      );
      expect(codeOf(await eve.send({ type: 'call.end', ref }))).toBe('PERMISSION_DENIED');
      expect(codeOf(await eve.send(candidate({}, ref)))).toBe('PERMISSION_DENIED');
      expect(codeOf(await eve.send({ type: 'call.resume', callId: call.id }))).toBe('PERMISSION_DENIED');
      expect(codeOf(await eve.send({ type: 'call.end', ref: CURRENT }))).toBe('CALL_NOT_FOUND');
      expect(codeOf(await eve.send({ type: 'call.end', ref: byUser(1) }))).toBe('CALL_NOT_FOUND');
      expect(codeOf(await aliceTab.send({ type: 'call.end', ref }))).toBe('PERMISSION_DENIED');
      expect(codeOf(await aliceTab.send(candidate({}, ref)))).toBe('PERMISSION_DENIED');
      if (phase === 'active') {
        expect(codeOf(await bobTab.send(candidate({}, ref)))).toBe('PERMISSION_DENIED');
        expect(codeOf(await bobTab.send({ type: 'call.answer', ref }))).toBe('CALL_IN_PROGRESS');
        // Tidying up after losing the race hangs nobody up.
        expect(codeOf(await bobTab.send({ type: 'call.end', ref }))).toBe('ok');
      }
      await cluster.quiet();
      expect([alice, bob].map((device) => device.received.length)).toEqual(heard);
    }
    expect((await cluster.stateOf(call.id))?.state.call.phase).toBe('active');
    const unknown = byId('0b7f3c54-9d2e-4d5c-8f8f-6a2b3c4d5e6f');
    expect(codeOf(await eve.send({ type: 'call.end', ref: unknown }))).toBe('CALL_NOT_FOUND');
    good(await bob.send({ type: 'call.end', ref }));
    expect(codeOf(await eve.send({ type: 'call.end', ref }))).toBe('CALL_NOT_FOUND');
    expect(codeOf(await alice.send(candidate({}, ref)))).toBe('CALL_NOT_FOUND');
  });

  it('a device of other media can neither be rung nor answer', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1, 'peer');
    const bob = await cluster.connect(2, 'peer');
    const jitsi = await cluster.connect(2, 'jitsi');
    const { call } = good(await alice.send(offerFirst(2)));
    await until('bob rings', () => bob.of('call.incoming').length === 1);
    expect(codeOf(await jitsi.send({ type: 'call.answer', ref: byId(call.id) }))).toBe('PERMISSION_DENIED');
    good(await bob.send({ type: 'call.answer', ref: byUser(1), answer }));
    await cluster.quiet();
    expect(jitsi.received).toEqual([]);
    good(await bob.send({ type: 'call.end', ref: byUser(1) }));
  });
});

describe('signals', () => {
  it('in an active call cost neither the store nor the bus, and are bounded', async () => {
    let storeCalls = 0;
    cluster = await createCallCluster({
      nodes: 2,
      liveCalls: (inner) =>
        new Proxy(inner, {
          get(target, name) {
            const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
            return (...args: unknown[]) => {
              if (name !== 'due') storeCalls += 1;
              return method.apply(target, args);
            };
          },
        }),
    });
    const alice = await cluster.connect(1, 'native', 0);
    const bob = await cluster.connect(2, 'native', 1);
    good(await alice.send(place(2)));
    good(await bob.send({ type: 'call.answer', ref: CURRENT }));
    await cluster.quiet();
    storeCalls = 0;
    const published = cluster.events.length;
    for (let n = 0; n < 200; n += 1) good(await alice.send(candidate({ n })));
    expect(codeOf(await alice.send(candidate({ n: 200 })))).toBe('INVALID_DATA');
    const offer = { kind: 'offer', payload: { sdp: 'restart' } } as const;
    good(await alice.send({ type: 'call.signal', ref: byUser(2), signal: offer }));
    good(await alice.send(candidate({ n: 201 })));
    await until('bob heard all', () => bob.of('call.signal').length === 202);
    expect(
      bob
        .of('call.signal')
        .slice(0, 200)
        .map(({ signal }) => signal.payload),
    ).toEqual(Array.from({ length: 200 }, (_, n) => ({ n })));
    expect(storeCalls).toBe(0);
    expect(cluster.events).toHaveLength(published);
    expect(alice.of('call.signal')).toEqual([]);
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });

  it('held while it rings up to the bound, all handed to the one who answers', async () => {
    cluster = await createCallCluster();
    const alice = await cluster.connect(1);
    const bob = await cluster.connect(2);
    good(await alice.send(place(2)));
    const sent = await Promise.all(Array.from({ length: 201 }, (_, n) => alice.send(candidate({ n }))));
    expect(sent.filter((result) => result.ok)).toHaveLength(200);
    expect(codeOf(sent[200] ?? { ok: true, value: 0 })).toBe('INVALID_DATA');
    expect(codeOf(await bob.send(candidate({})))).toBe('PERMISSION_DENIED');
    good(await bob.send({ type: 'call.answer', ref: CURRENT }));
    expect(bob.of('call.signal').map(({ signal }) => signal.payload)).toEqual(
      Array.from({ length: 200 }, (_, n) => ({ n })),
    );
    good(await bob.send({ type: 'call.end', ref: CURRENT }));
  });
});
