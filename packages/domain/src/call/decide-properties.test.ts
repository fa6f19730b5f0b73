import { BusEvent, type CallEvent, CallId, type EventBody, type UserId } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Actor,
  answer,
  ban,
  deepFreeze,
  device,
  end,
  holdCandidate,
  holdOffer,
  lost,
  place,
  presumedLost,
  reject,
  renew,
  returned,
  START,
  TIMINGS,
  take,
  tick,
  user,
} from '../../testing/cast.ts';
import { claimants } from './claimants.ts';
import { nextDeadline } from './deadline.ts';
import { decideCall } from './decide.ts';
import { isGlare } from './glare.ts';
import type { CallCommand, CallState, Decision, Millis } from './state.ts';

const RUNS = { numRuns: 600 };
const USERS = [1, 2, 3, 4];
const CALLS = [1, 2, 3].map((n) => CallId.parse(`00000000-0000-4000-8000-00000000000${n}`));

const actor: fc.Arbitrary<Actor> = fc
  .record({ id: fc.constantFrom(...USERS), n: fc.constantFrom(1, 2) })
  .map(({ id, n }) => ({ user: user(id), device: device(id, n) }));

/** Whoever acts on a call that exists, as nodes and clients may, in any order and with any nonsense. */
const laterCommand: fc.Arbitrary<CallCommand> = fc.oneof(
  actor.map((by) => ({ ...answer(by), answer: { sdp: 'answer' } })),
  fc
    .tuple(actor, fc.constantFrom('rejected' as const, 'busy' as const))
    .map(([by, reason]) => reject(by, reason)),
  { arbitrary: actor.map(end), weight: 1 },
  actor.map(({ user: { id } }): CallCommand => ({ type: 'end', userId: id })),
  actor.map(ban),
  { arbitrary: actor.map((by) => holdCandidate(by)), weight: 2 },
  actor.map((by) => holdOffer(by)),
  { arbitrary: actor.map(lost), weight: 3 },
  { arbitrary: actor.map(presumedLost), weight: 1 },
  { arbitrary: actor.map(returned), weight: 3 },
  fc.tuple(actor, fc.constantFrom(1, 2)).map(([by, n]) => take(by, device(Number(by.user.id), n).deviceId)),
  { arbitrary: fc.array(actor, { maxLength: 3 }).map((all) => renew(...all)), weight: 3 },
  { arbitrary: fc.constant<CallCommand>(tick), weight: 2 },
);
const placement = fc.record({
  by: actor,
  callees: fc.uniqueArray(fc.constantFrom(...USERS), { minLength: 1, maxLength: 3 }),
  reachable: fc.uniqueArray(fc.constantFrom(...USERS), { maxLength: 4 }),
  offer: fc.option(fc.constant({ sdp: 'offer' }), { nil: undefined }),
});
const pause: fc.Arbitrary<Millis> = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 3000 }), weight: 4 },
  fc.integer({ min: 0, max: 40_000 }),
  fc.constantFrom(TIMINGS.ringMs, TIMINGS.graceMs, TIMINGS.leaseMs),
);
const step = fc.record({
  pause,
  call: fc.constantFrom(...CALLS),
  action: fc.oneof(
    { arbitrary: placement.map((value) => ({ place: value })), weight: 1 },
    { arbitrary: laterCommand.map((value) => ({ command: value })), weight: 4 },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Several calls and the claims on their users, kept the way a signaling node keeps them. */
class World {
  readonly calls = new Map<CallId, CallState>();
  readonly claims = new Map<UserId, CallId>();
  readonly events = new Map<CallId, EventBody<CallEvent>[]>();
  now: Millis = START;

  run(steps: readonly Step[]): void {
    for (const { pause: wait, call, action } of steps) {
      this.now += wait;
      if ('command' in action) this.decide(call, action.command);
      else this.place(call, action.place);
    }
  }

  /** Time passes until nothing is due any more; in so many sweeps that it must come to an end. */
  settle(): void {
    for (const id of this.calls.keys()) {
      for (let sweeps = 0; ; sweeps += 1) {
        const state = this.calls.get(id);
        const due = state && nextDeadline(state);
        if (typeof due !== 'number') break;
        expect(sweeps).toBeLessThan(8);
        this.now = Math.max(this.now, due);
        this.decide(id, tick);
      }
    }
  }

  private place(
    id: CallId,
    { by, callees, reachable, offer }: Extract<Step['action'], { place: unknown }>['place'],
  ): void {
    const known = this.calls.get(id);
    if (!known && this.claims.has(by.user.id)) return;
    const users = callees.map(user);
    const busy = users.map((callee) => callee.id).filter((callee) => this.claims.has(callee));
    this.decide(id, place(by, users, { id, busy, reachable: reachable.map((n) => user(n).id), offer }));
  }

  decide(id: CallId, command: CallCommand): Decision {
    const before = this.calls.get(id);
    const decision = decideCall(deepFreeze(before), deepFreeze(command), this.now, TIMINGS);
    if (!decision.ok) return decision;
    const { state, events } = decision;
    if (state === before) expect(events).toEqual([]);
    this.calls.set(id, state);
    this.events.set(id, [...(this.events.get(id) ?? []), ...events]);
    const claimed = claimants(state);
    for (const [userId, holder] of this.claims) {
      if (holder === id && !claimed.includes(userId)) this.claims.delete(userId);
    }
    for (const userId of claimed) {
      expect(this.claims.get(userId) ?? id, 'nobody is in two calls').toBe(id);
      this.claims.set(userId, id);
    }
    if (command.type === 'tick') {
      expect(nextDeadline(state) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(this.now);
    }
    this.check(state);
    return decision;
  }

  private check(state: CallState): void {
    const statuses = Object.values(state.callees);
    const count = (status: string) => statuses.filter((one) => one === status).length;
    expect(JSON.parse(JSON.stringify(state)), 'is JSON').toEqual(state);
    switch (state.call.phase) {
      case 'ringing':
        expect(count('ringing')).toBeGreaterThan(0);
        expect(state.answerSeat).toBeUndefined();
        expect(claimants(state)).toHaveLength(1 + count('ringing'));
        break;
      case 'active':
        expect([count('ringing'), count('answered')]).toEqual([0, 1]);
        expect(state.answerSeat?.device).toEqual(state.call.answerDevice);
        expect(claimants(state)).toEqual([state.call.caller.id, state.call.answeredBy]);
        break;
      case 'ended':
        expect([claimants(state), nextDeadline(state)]).toEqual([[], null]);
        expect([state.offer, state.answer, state.movedBy, state.heldCandidates]).toEqual([
          undefined,
          undefined,
          undefined,
          [],
        ]);
        expect(Date.parse(state.call.endedAt ?? '')).toBeLessThanOrEqual(this.now);
        expect(Date.parse(state.call.endedAt ?? '')).toBeGreaterThanOrEqual(
          Date.parse(state.call.answeredAt ?? state.call.createdAt),
        );
    }
    if (state.call.phase !== 'ended') {
      expect(state.callerSeat.device).toEqual(state.call.callerDevice);
      expect(isGlare(state, state.call.caller.id, state.call.caller.id)).toBe(false);
    }
  }
}

function played(steps: readonly Step[]): World {
  const world = new World();
  world.run(steps);
  return world;
}

const steps = fc.array(step, { maxLength: 40 });

describe('whatever is asked of calls, in whatever order', () => {
  it('claims are exactly the parties of live calls, and end with them', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = played(all);
        const parties = [...world.calls].flatMap(([id, state]) =>
          claimants(state).map((userId): [UserId, CallId] => [userId, id]),
        );
        expect(world.claims).toEqual(new Map(parties));
        world.settle();
        expect(world.claims.size).toBe(0);
      }),
      RUNS,
    );
  });

  it('every call ends exactly once as time passes, and says so in valid events in a sane order', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const world = played(all);
        world.settle();
        for (const [id, state] of world.calls) {
          expect(state.call.phase).toBe('ended');
          const events = world.events.get(id) ?? [];
          expectSane(events.map((event) => event.type));
          expect(events.at(-1)).toMatchObject({
            type: 'call.ended',
            call: state.call,
            reason: state.call.endReason,
          });
          for (const event of events) {
            const whole = { ...event, v: 1, id: CALLS[0], at: new Date(world.now).toISOString() };
            // Parsing drops what the schema does not know, so this also shows that nothing else leaks into an event.
            expect(BusEvent.parse(whole)).toEqual(whole);
          }
        }
      }),
      RUNS,
    );
  });

  it('a sweep that comes first makes no difference', () => {
    fc.assert(
      fc.property(steps, laterCommand, pause, (all, command, wait) => {
        const world = played(all);
        const now = world.now + wait;
        for (const state of world.calls.values()) {
          if (command.type === 'renew' || state.call.phase === 'ended') continue;
          const swept = decideCall(state, tick, now, TIMINGS);
          if (!swept.ok) throw new Error('a tick is never refused here');
          const direct = decideCall(state, command, now, TIMINGS);
          const after = decideCall(swept.state, command, now, TIMINGS);
          if (command.type !== 'tick' && direct.ok && direct.state !== state && after.ok) {
            expect(direct.state).toEqual(after.state);
            expect(direct.events).toEqual([...swept.events, ...after.events]);
          } else if (command.type !== 'tick') {
            expect(outcome(direct, state)).toBe(outcome(after, swept.state));
          } else {
            expect(after).toEqual({ ok: true, state: swept.state, events: [] });
          }
        }
      }),
      RUNS,
    );
  });
});

function outcome(decision: Decision, before: CallState): string {
  if (!decision.ok) return decision.refusal;
  return decision.state === before ? 'unchanged' : 'changed';
}

/** call.ringing first, if at all; declined only before, interrupted and moved only after the answer; nothing after the end. */
function expectSane(types: readonly string[]): void {
  const line = types.map((type) => type.replace('call.', '')).join(' ');
  expect(line).toMatch(
    /^(ended|ringing( declined| resumed)*( answered( interrupted| resumed| moved)*)? ended)$/,
  );
}
