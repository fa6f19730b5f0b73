import { describe, expect, it } from 'vitest';
import { checkPushes, type Push, type PushFindings, type PushWitness } from './check-pushes.ts';

const PHONE = 0;
const TABLET = 1;

const message = (device: number, seq: number, at: number): Push => ({
  at,
  device,
  id: `chat:c:${device}:${seq}`,
  type: 'message',
  callId: '',
  seq,
  key: seq * 10,
});
const call = (device: number, type: string, at: number, rev = type): Push => ({
  at,
  device,
  id: `call:x:${device}:${rev}`,
  type,
  callId: 'x',
  seq: 0,
  key: Number.NaN,
});

/** Three messages, of which the phone is told in two pushes and the tablet in one; a call that rings on both and is missed. */
const right: Push[] = [
  message(PHONE, 1, 1_000),
  message(PHONE, 3, 3_000),
  message(TABLET, 3, 3_100),
  call(PHONE, 'call.incoming', 5_000),
  call(TABLET, 'call.incoming', 5_000),
  call(PHONE, 'call.missed', 9_000),
  call(TABLET, 'call.cancelled', 9_000),
];

function check(pushes: readonly Push[], setbacks: PushWitness['setbacks'] = []) {
  return checkPushes({
    pushes,
    setbacks,
    devices: new Map([
      [PHONE, 4],
      [TABLET, 4],
    ]),
    stored: new Map([[4, [1, 2, 3].map((seq) => ({ id: `m${seq}`, seq, key: seq * 10 }))]]),
  });
}

const WRONG = ['untold', 'false', 'ringingOn', 'repeated'] as const;
const wrong = (findings: PushFindings) =>
  Object.fromEntries(WRONG.flatMap((what) => (findings[what] > 0 ? [[what, findings[what]]] : [])));

describe('the pushes of a run', () => {
  it('finds nothing wrong where nothing is, and counts', () => {
    const findings = check(right);
    expect(wrong(findings)).toEqual({});
    expect(findings).toMatchObject({ pushes: 7, rings: 2, repeatedAfterSetback: 0, examples: [] });
  });

  it.each<{ what: string; pushes: Push[]; finds: Partial<Record<(typeof WRONG)[number], number>> }>([
    {
      what: 'a target that was not told of the last message',
      pushes: right.slice(0, 2),
      finds: { untold: 1 },
    },
    { what: 'no push at all', pushes: [], finds: { untold: 2 } },
    {
      what: 'a message that is not there',
      pushes: [...right, message(PHONE, 4, 4_000)],
      finds: { false: 1 },
    },
    {
      what: 'another message than it says',
      pushes: [{ ...message(PHONE, 1, 900), key: 99 }, ...right.slice(1)],
      finds: { false: 1 },
    },
    {
      what: 'a message to somebody else',
      pushes: [...right, message(7, 3, 4_000)],
      finds: { false: 1 },
    },
    {
      what: 'a ring that nothing took back',
      pushes: right.slice(0, -1),
      finds: { ringingOn: 1 },
    },
    {
      what: 'a ring that came after it was taken back',
      pushes: [...right, call(PHONE, 'call.incoming', 9_500, 'again')],
      finds: { ringingOn: 1 },
    },
    {
      what: 'what is sent again',
      pushes: [...right, message(PHONE, 3, 40_000)],
      finds: { repeated: 1 },
    },
  ])('finds $what', ({ pushes, finds }) => {
    const findings = check(pushes);
    expect(wrong(findings)).toEqual(finds);
    expect(findings.examples.length).toBeGreaterThan(0);
  });

  it('accepts a repeat when whoever sent it died before it could write that down, and no other', () => {
    const again = [...right, message(PHONE, 3, 40_000)];
    const findings = check(again, [{ what: 'notification-1', from: 3_200, to: 3_200 }]);
    expect([wrong(findings), findings.repeatedAfterSetback]).toEqual([{}, 1]);
    for (const at of [2_900, 13_100]) {
      expect(wrong(check(again, [{ what: 'notification-1', from: at, to: at }]))).toEqual({ repeated: 1 });
    }
    const away = [{ what: 'database', from: 2_000, to: 3_500 }];
    expect(wrong(check(again, away))).toEqual({});
  });
});
