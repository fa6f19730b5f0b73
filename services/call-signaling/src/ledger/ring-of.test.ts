import { randomUUID } from 'node:crypto';
import { type Call, CallId, DeviceId, UserId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import type { RingDoc } from './ring-model.ts';
import { ringOf } from './ring-of.ts';

const T0 = Date.parse('2026-01-01T10:00:00.000Z');
const after = (seconds: number) => new Date(T0 + seconds * 1000);
const iso = (seconds: number) => after(seconds).toISOString();

const user = (id: number) => ({ id: UserId.parse(String(id)), username: `user${id}`, name: `User ${id}` });
const [alice, bob, eve] = [user(1), user(2), user(3)] as const;
const phone = DeviceId.parse(randomUUID());
const device = { deviceId: phone, dialect: 'native' } as const;

const ringing: Call = {
  id: CallId.parse(randomUUID()),
  kind: 'voice',
  media: 'p2p',
  phase: 'ringing',
  caller: alice,
  callerDevice: device,
  callees: [bob],
  createdAt: iso(0),
};
const over = (endReason: NonNullable<Call['endReason']>, at = 30, more: Partial<Call> = {}): Call => ({
  ...ringing,
  phase: 'ended',
  endedAt: iso(at),
  endReason,
  ...more,
});
const answered = (by = bob): Partial<Call> => ({
  answeredBy: by.id,
  answeredAt: iso(4.2),
  answerDevice: device,
});

let made = 0;
function entry(more: Partial<RingDoc> = {}): RingDoc {
  made += 1;
  return {
    _id: `${ringing.id}:${made}`,
    deviceId: `device-${made}`,
    userId: bob.id,
    target: 'socket',
    dialect: 'native',
    expiresAt: after(1e6),
    ...more,
  };
}
const rung = (more: Partial<RingDoc> = {}) => entry({ rungAt: after(0.1), ...more });
const note = (more: Partial<RingDoc>) => entry({ target: 'user', ...more });
const pushed = (steps: NonNullable<NonNullable<RingDoc['pushes']>['incoming']>) =>
  entry({ target: 'expo', pushes: { incoming: steps } });

const NO_DEVICE =
  'no device that could ring: none was connected that can take this call, and none could be woken: none is registered, or quiet hours keep it silent';

describe('why a call did or did not ring', () => {
  it.each<[string, Call, RingDoc[], string, string]>([
    [
      'answered',
      over('hangup', 60, answered()),
      [rung({ acknowledgedAt: after(0.2), answeredAt: after(4.2) })],
      'answered',
      'rang on 1 connected device, which acknowledged; answered after 4.2 s',
    ],
    [
      'missed by all',
      over('missed'),
      [rung(), rung({ acknowledgedAt: after(1) })],
      'missed',
      'rang on 2 connected devices, 1 of which acknowledged; nobody answered within 30.0 s',
    ],
    [
      'missed by dead sockets',
      over('missed'),
      [rung(), rung()],
      'missed',
      'rang on 2 connected devices, none of which acknowledged; nobody answered within 30.0 s',
    ],
    [
      'missed by old clients',
      over('missed'),
      [rung({ dialect: 'peer' }), rung({ dialect: 'jitsi' })],
      'missed',
      'rang on 2 connected devices, in words that do not acknowledge (jitsi, peer); nobody answered within 30.0 s',
    ],
    ['no device', over('unavailable', 0), [note({ unreached: 'unavailable' })], 'unavailable', NO_DEVICE],
    ['no device, by the call alone', over('unavailable', 0), [], 'unavailable', NO_DEVICE],
    ['in another call', over('busy', 0), [note({ unreached: 'busy' })], 'busy', 'was in another call'],
    [
      'declined as busy',
      over('busy', 3),
      [rung({ declinedAt: after(3) }), note({ declinedAs: 'busy', declinedAt: after(3) })],
      'busy',
      'rang on 1 connected device, none of which acknowledged; declined as busy',
    ],
    [
      'declined',
      over('rejected', 3),
      [
        rung({ acknowledgedAt: after(1), declinedAt: after(3) }),
        note({ declinedAs: 'rejected', declinedAt: after(3) }),
      ],
      'rejected',
      'rang on 1 connected device, which acknowledged; declined',
    ],
    [
      'quiet hours',
      over('missed'),
      [pushed({ dropped: { at: after(0), detail: 'quiet_hours' } })],
      'missed',
      'push not sent: quiet hours; nobody answered within 30.0 s',
    ],
    [
      'a token that is gone',
      over('missed'),
      [pushed({ sent: { at: after(1) }, failed: { at: after(2), detail: 'DeviceNotRegistered' } })],
      'missed',
      'push failed: DeviceNotRegistered; nobody answered within 30.0 s',
    ],
    [
      'pushes that came and went',
      over('missed'),
      [pushed({ sent: { at: after(1) } }), pushed({ sent: { at: after(1) }, delivered: { at: after(2) } })],
      'missed',
      'push delivered to 1 device; push taken by its service for 1 device, delivery not confirmed; nobody answered within 30.0 s',
    ],
    [
      'two tokens of one fate',
      over('missed'),
      [1, 2].map(() => pushed({ failed: { at: after(2), detail: 'DeviceNotRegistered' } })),
      'missed',
      'push failed: DeviceNotRegistered (2 devices); nobody answered within 30.0 s',
    ],
    [
      'given up',
      over('cancelled', 2.5),
      [rung()],
      'cancelled',
      'rang on 1 connected device, none of which acknowledged; the caller gave up after 2.5 s',
    ],
    [
      'a lost caller',
      over('network_error', 15),
      [rung()],
      'network_error',
      'rang on 1 connected device, none of which acknowledged; the caller was lost after 15.0 s',
    ],
    [
      'another callee',
      over('hangup', 60, { callees: [bob, eve], ...answered(eve) }),
      [rung()],
      'answered_elsewhere',
      'rang on 1 connected device, none of which acknowledged; another callee answered after 4.2 s',
    ],
    [
      'a closed account',
      over('hangup', 60, { callees: [bob, eve], ...answered(eve) }),
      [note({ declinedAs: 'unavailable', declinedAt: after(1) })],
      'banned',
      'an account was closed',
    ],
    [
      'still ringing',
      ringing,
      [rung()],
      'ringing',
      'rang on 1 connected device, none of which acknowledged; still ringing',
    ],
    ['no trace', over('missed'), [], 'missed', 'no record of a ring; nobody answered within 30.0 s'],
  ])('%s', (_what, call, entries, outcome, explanation) => {
    expect(ringOf(call, bob.id, entries)).toMatchObject({ outcome, explanation });
  });

  it('says when and why each ring ended', () => {
    const cancelledOf = (call: Call, ...entries: RingDoc[]) =>
      ringOf(call, bob.id, entries).devices.map(({ cancelledAt, cancelReason }) => [
        cancelledAt,
        cancelReason,
      ]);
    const mine = rung({ answeredAt: after(4.2) });
    expect(cancelledOf(over('hangup', 60, answered()), mine, rung())).toEqual([
      [undefined, undefined],
      [iso(4.2), 'answered_elsewhere'],
    ]);
    expect(cancelledOf(over('missed'), rung())).toEqual([[iso(30), 'timeout']]);
    expect(cancelledOf(over('cancelled', 2), rung())).toEqual([[iso(2), 'cancelled']]);
    expect(cancelledOf(ringing, rung())).toEqual([[undefined, undefined]]);
    const refused = note({ declinedAs: 'rejected', declinedAt: after(3) });
    expect(cancelledOf(over('rejected', 3), rung({ declinedAt: after(3) }), rung(), refused)).toEqual([
      [undefined, undefined],
      [iso(3), 'rejected_elsewhere'],
    ]);
  });

  it('shows nobody else’s devices, and pushes in the order of their steps', () => {
    const entries = [
      rung({ userId: eve.id }),
      entry({
        target: 'web-push',
        dialect: undefined,
        pushes: {
          missed: { sent: { at: after(31) } },
          incoming: { sent: { at: after(1) }, delivered: { at: after(2), detail: 'ok' } },
        },
      }),
    ];
    const { devices } = ringOf(over('missed'), bob.id, entries);
    expect(devices).toEqual([
      {
        id: entries[1]?.deviceId,
        target: 'web-push',
        pushes: [
          { content: 'call.incoming', step: 'sent', at: iso(1) },
          { content: 'call.incoming', step: 'delivered', at: iso(2), detail: 'ok' },
          { content: 'call.missed', step: 'sent', at: iso(31) },
        ],
      },
    ]);
  });
});
