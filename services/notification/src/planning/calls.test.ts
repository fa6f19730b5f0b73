import { randomUUID } from 'node:crypto';
import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { type Call, type CallEndReason, DeviceId, type SessionId, type UserId } from '@switchboard/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StoredDevice } from '../devices/device-store.ts';
import {
  newCall,
  newUser,
  quietAround,
  RING_ACK_MS,
  ringing,
  startTestPlanning,
  type TestPlanning,
} from '../testing/start-test-planning.ts';

const RING_MS = 30_000;

describe('what a call means for push targets', () => {
  let database: TestMongo;
  let planning: TestPlanning;
  let alice: UserId;
  let bob: UserId;
  beforeAll(async () => {
    database = await startTestMongo();
    planning = await startTestPlanning(database.database('planned-calls'));
  });
  afterAll(async () => {
    await planning?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    alice = newUser();
    bob = newUser();
    planning.self.signalingAway = false;
  });

  const ring = async (callees: readonly UserId[] = [bob]): Promise<{ call: Call; until: number }> => {
    const now = planning.clock.now();
    const call = newCall(alice, callees, now);
    await planning.publish(ringing(call, now + RING_MS));
    return { call, until: now + RING_MS };
  };
  const device = () => ({ deviceId: DeviceId.parse(randomUUID()), dialect: 'native' as const });
  const answered = (call: Call, by: UserId, sessionId?: SessionId) =>
    planning.publish({
      type: 'call.answered',
      call: { ...call, phase: 'active', answeredBy: by, answeredAt: call.createdAt },
      by,
      device: device(),
      ...(sessionId ? { sessionId } : {}),
    });
  const ended = (call: Call, reason: CallEndReason, by?: UserId, sessionId?: SessionId) =>
    planning.publish({
      type: 'call.ended',
      call: { ...call, phase: 'ended', endReason: reason, endedAt: call.createdAt },
      reason,
      from: 'ringing',
      ...(by ? { by } : {}),
      ...(sessionId ? { sessionId } : {}),
    });
  /** In words: what was planned for a device, and whether it is to be sent. */
  const told = async (of: StoredDevice, { id }: Call) => {
    const due = await planning.due(of, id);
    if (!due) return 'nothing';
    const { content, dueAt } = due;
    const reason = content.type === 'call.cancelled' ? ` ${content.reason}` : '';
    return `${content.type}${reason}${dueAt === undefined ? ', kept back' : ''}`;
  };

  it('rings at once who is not connected, later who is and does not say that it rings', async () => {
    const [phone, tablet] = [await planning.device(bob), await planning.device(bob)];
    planning.online(tablet);
    const before = planning.clock.now();
    const { call, until } = await ring();
    const [now, later] = [await planning.due(phone, call.id), await planning.due(tablet, call.id)];
    expect(now?.content).toEqual({
      type: 'call.incoming',
      callId: call.id,
      kind: 'voice',
      media: 'p2p',
      from: call.caller,
      expiresAt: new Date(until).toISOString(),
    });
    expect(now?.dueAt).toBeLessThanOrEqual(planning.clock.now());
    expect(later?.dueAt).toBeGreaterThanOrEqual(before + RING_ACK_MS);
    await planning.publish({
      type: 'call.acknowledged',
      callId: call.id,
      userId: bob,
      device: device(),
      sessionId: tablet.sessionId,
    });
    expect(await told(tablet, call)).toBe('call.incoming, kept back');
    expect(await told(phone, call)).toBe('call.incoming');
  });

  it('rings all of them while nobody can say who is connected', async () => {
    const phone = await planning.device(bob);
    planning.online(phone);
    planning.self.signalingAway = true;
    const { call } = await ring();
    expect((await planning.due(phone, call.id))?.dueAt).toBeLessThanOrEqual(planning.clock.now());
  });

  it('rings neither what cannot take the call, nor the caller, nor who was not reached', async () => {
    const phone = await planning.device(bob, { dialect: 'jitsi' });
    const own = await planning.device(alice);
    const away = newUser();
    const other = await planning.device(away);
    const now = planning.clock.now();
    const call = newCall(alice, [bob, away], now);
    await planning.publish(ringing(call, now + RING_MS, { reachable: [bob] }));
    expect(await Promise.all([phone, own, other].map((each) => told(each, call)))).toEqual([
      'nothing',
      'nothing',
      'nothing',
    ]);
  });

  it('answered on one device: the others stop, and that one hears nothing', async () => {
    const [phone, tablet, laptop] = [
      await planning.device(bob),
      await planning.device(bob),
      await planning.device(bob),
    ];
    const { call } = await ring();
    await planning.send(phone, call.id);
    await planning.send(tablet, call.id);
    await answered(call, bob, tablet.sessionId);
    expect(await told(phone, call)).toBe('call.cancelled answered_elsewhere');
    expect(await told(tablet, call)).toBe('call.incoming, kept back');
    // Never rang: nothing is sent, and a late ring is kept out.
    expect(await told(laptop, call)).toBe('call.cancelled answered_elsewhere, kept back');
    // Its end is nothing that anybody missed.
    await planning.publish({
      type: 'call.ended',
      call: { ...call, phase: 'ended', endReason: 'hangup' },
      reason: 'hangup',
      by: alice,
      from: 'active',
    });
    expect(await told(phone, call)).toBe('call.cancelled answered_elsewhere');
    expect(await told(tablet, call)).toBe('call.incoming, kept back');
  });

  it('answered on a device that is yet to be pushed the ring: it is not', async () => {
    const phone = await planning.device(bob);
    planning.online(phone);
    const { call } = await ring();
    await answered(call, bob, phone.sessionId);
    expect(await told(phone, call)).toBe('call.incoming, kept back');
  });

  it('refused on one device: the others stop, and nobody is told of a missed call', async () => {
    const [phone, tablet] = [await planning.device(bob), await planning.device(bob)];
    const { call } = await ring();
    await planning.send(phone, call.id);
    await planning.send(tablet, call.id);
    await ended(call, 'rejected', bob, tablet.sessionId);
    expect(await told(phone, call)).toBe('call.cancelled rejected_elsewhere');
    expect(await told(tablet, call)).toBe('call.incoming, kept back');
  });

  it.each(['missed', 'cancelled', 'network_error'] as const)(
    '%s: a missed call, with the badge',
    async (reason) => {
      const phone = await planning.device(bob);
      const { call } = await ring();
      await planning.send(phone, call.id);
      await ended(call, reason, reason === 'cancelled' ? alice : undefined);
      expect((await planning.due(phone, call.id))?.content).toEqual({
        type: 'call.missed',
        callId: call.id,
        kind: 'voice',
        from: call.caller,
        at: call.createdAt,
        badge: 5,
      });
      expect(await told(phone, call)).toBe('call.missed');
    },
  );

  it('a missed call is told by push only where no socket tells it, and stops what push began', async () => {
    const [away, connected, deaf] = [
      await planning.device(bob),
      await planning.device(bob),
      await planning.device(bob),
    ];
    planning.online(connected);
    planning.online(deaf);
    const { call } = await ring();
    planning.pass(RING_ACK_MS + 1);
    await planning.send(deaf, call.id);
    await ended(call, 'missed');
    expect(await told(away, call)).toBe('call.missed');
    expect(await told(deaf, call)).toBe('call.missed');
    // Was to be rung had it not heard: not any more.
    expect(await told(connected, call)).toBe('call.cancelled ended, kept back');
  });

  it('one of several said no: only theirs stop, and they miss nothing', async () => {
    const carol = newUser();
    const [phone, other] = [await planning.device(bob), await planning.device(carol)];
    const { call } = await ring([bob, carol]);
    await planning.send(phone, call.id);
    await planning.publish({ type: 'call.declined', call, by: bob, device: device(), reason: 'rejected' });
    expect(await told(phone, call)).toBe('call.incoming, kept back');
    expect(await told(other, call)).toBe('call.incoming');
    await ended(call, 'missed');
    expect(await told(phone, call)).toBe('call.incoming, kept back');
    expect(await told(other, call)).toBe('call.missed');
  });

  it.each(['busy', 'unavailable'] as const)(
    '%s without anybody’s word: they were away, and missed it',
    async (reason) => {
      const phone = await planning.device(bob);
      const call = newCall(alice, [bob], planning.clock.now());
      await ended(call, reason);
      expect(await told(phone, call)).toBe('call.missed');
    },
  );

  it('whoever is not to be rung at this hour is not, and learns of it when the hour is over', async () => {
    const phone = await planning.device(bob);
    const quiet = quietAround(planning.clock.now());
    await planning.preferences.set(bob, {
      messages: { direct: 'all', rooms: 'mentions' },
      previews: true,
      quietHours: { ...quiet, calls: 'silent' },
    });
    const { call, until } = await ring();
    expect(await told(phone, call)).toBe('call.incoming, kept back');
    await ended(call, 'missed');
    const due = await planning.due(phone, call.id);
    expect(due?.content.type).toBe('call.missed');
    expect(new Date(due?.dueAt ?? 0).toISOString()).toContain(`T${quiet.to}:00`);
    expect(due?.dueAt).toBeGreaterThan(until - RING_MS);
  });

  it('events that come again change nothing', async () => {
    const phone = await planning.device(bob);
    const { call, until } = await ring();
    await ended(call, 'missed');
    const before = await planning.due(phone, call.id);
    const late = await planning.device(bob);
    await planning.publish(ringing(call, until));
    await ended(call, 'cancelled', alice);
    expect(await planning.due(phone, call.id)).toEqual(before);
    expect(await told(late, call)).toBe('nothing');
  });

  describe('when the end of a ring is never heard of', () => {
    const LATE_MS = RING_MS + 6_000;

    it('is asked for, and acted on as if it had been', async () => {
      const phone = await planning.device(bob);
      const { call } = await ring();
      await planning.send(phone, call.id);
      const over: Call = { ...call, phase: 'ended', endReason: 'missed', endedAt: call.createdAt };
      planning.calls.set(call.id, over);
      await planning.lookForLostEnds();
      expect(await told(phone, call)).toBe('call.incoming, kept back');
      planning.pass(LATE_MS);
      await planning.lookForLostEnds();
      expect(await told(phone, call)).toBe('call.missed');
    });

    it('answered: nobody missed it, and the answering user’s devices are left alone', async () => {
      const carol = newUser();
      const [phone, other] = [await planning.device(bob), await planning.device(carol)];
      const { call } = await ring([bob, carol]);
      await planning.send(phone, call.id);
      await planning.send(other, call.id);
      planning.calls.set(call.id, { ...call, phase: 'active', answeredBy: bob, answeredAt: call.createdAt });
      planning.pass(LATE_MS);
      await planning.lookForLostEnds();
      expect(await told(phone, call)).toBe('call.incoming, kept back');
      expect(await told(other, call)).toBe('call.cancelled answered_elsewhere');
    });

    it('is asked for again while nobody knows', async () => {
      const phone = await planning.device(bob);
      const { call } = await ring();
      planning.pass(LATE_MS);
      await planning.lookForLostEnds();
      expect(await told(phone, call)).toBe('call.incoming');
      planning.calls.set(call.id, {
        ...call,
        phase: 'ended',
        endReason: 'cancelled',
        endedAt: call.createdAt,
      });
      planning.pass(LATE_MS);
      await planning.lookForLostEnds();
      expect(await told(phone, call)).toBe('call.missed');
    });
  });
});
