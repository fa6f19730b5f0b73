import { expect, it } from 'vitest';
import type { Entry, Kind } from '../log/entry.ts';
import { momentsOfDeath } from './moments-of-death.ts';

const entry = (kind: Kind, at: number, key: number, note = 0): Entry => ({
  kind,
  at,
  who: kind === 'deliver' ? 1 : 0,
  conversation: 0,
  key,
  id: '',
  seq: 0,
  note,
});

it('tells how far messages had come when chat was killed', () => {
  const log = [
    // Long done.
    ...[entry('invoke', 0, 1), entry('ok', 5, 1), entry('deliver', 8, 1)],
    // Not stored: the retry is a new message to it.
    ...[entry('invoke', 90, 2), entry('unknown', 5_000, 2), entry('invoke', 5_100, 2), entry('ok', 5_110, 2)],
    // Stored: the retry is known.
    ...[
      entry('invoke', 91, 3),
      entry('unknown', 5_000, 3),
      entry('invoke', 5_100, 3),
      entry('ok', 5_110, 3, 1),
    ],
    // Acknowledged, told by whoever found it.
    ...[entry('invoke', 80, 4), entry('ok', 99, 4), entry('deliver', 7_000, 4)],
    // Through the other instance.
    ...[entry('invoke', 95, 5), entry('ok', 105, 5), entry('deliver', 110, 5)],
  ];
  expect(momentsOfDeath(log, [100])).toEqual({ deaths: 1, beforeInsert: 1, afterInsert: 1, afterAck: 1 });
  expect(momentsOfDeath(log, [50_000])).toEqual({
    deaths: 1,
    beforeInsert: 0,
    afterInsert: 0,
    afterAck: 0,
  });
});
