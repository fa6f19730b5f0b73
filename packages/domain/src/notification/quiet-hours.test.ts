import type { QuietHours } from '@switchboard/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isQuiet, quietUntil } from '../index.ts';

const hours = (from: string, to: string, timeZone = 'Europe/Berlin'): QuietHours => ({
  from,
  to,
  timeZone,
  calls: 'silent',
});

describe('quiet hours', () => {
  it.each([
    // Winter, UTC+1.
    ['before they begin', hours('22:00', '07:00'), '2026-01-10T20:59:59Z', false],
    ['when they begin', hours('22:00', '07:00'), '2026-01-10T21:00:00Z', true],
    ['past midnight', hours('22:00', '07:00'), '2026-01-11T02:00:00Z', true],
    ['in their last minute', hours('22:00', '07:00'), '2026-01-11T05:59:59Z', true],
    ['when they are over', hours('22:00', '07:00'), '2026-01-11T06:00:00Z', false],
    // Summer, UTC+2: the same wall clock an hour earlier.
    ['when they begin in summer', hours('22:00', '07:00'), '2026-07-10T20:00:00Z', true],
    ['when they are over in summer', hours('22:00', '07:00'), '2026-07-11T05:00:00Z', false],
    ['within a day', hours('13:00', '14:30'), '2026-01-10T13:29:00Z', true],
    ['after those within a day', hours('13:00', '14:30'), '2026-01-10T13:30:00Z', false],
    ['at midnight exactly', hours('00:00', '06:00'), '2026-01-09T23:00:00Z', true],
    ['up to midnight', hours('18:00', '00:00'), '2026-01-10T22:59:00Z', true],
    ['from midnight on', hours('18:00', '00:00'), '2026-01-10T23:00:00Z', false],
    ['never, when both ends are one', hours('08:00', '08:00'), '2026-01-10T07:00:00Z', false],
    ['a zone of half hours', hours('22:00', '07:00', 'Asia/Kolkata'), '2026-01-10T16:30:00Z', true],
    ['a minute before, there', hours('22:00', '07:00', 'Asia/Kolkata'), '2026-01-10T16:29:00Z', false],
    ['across the date line', hours('22:00', '07:00', 'Pacific/Auckland'), '2026-01-10T09:00:00Z', true],
    // 29 March 2026, Berlin: 02:00 is followed by 03:00.
    [
      'from within the hour that is left out, before it',
      hours('02:30', '05:00'),
      '2026-03-29T00:59:00Z',
      false,
    ],
    [
      'from within the hour that is left out, behind it',
      hours('02:30', '05:00'),
      '2026-03-29T01:00:00Z',
      true,
    ],
    ['up to within the hour that is left out', hours('22:00', '02:30'), '2026-03-29T01:00:00Z', false],
    // 25 October 2026, Berlin: 03:00 is followed by 02:00.
    ['in the hour that comes twice, first', hours('22:00', '03:00'), '2026-10-25T00:30:00Z', true],
    ['in the hour that comes twice, again', hours('22:00', '03:00'), '2026-10-25T01:30:00Z', true],
    ['behind it', hours('22:00', '03:00'), '2026-10-25T02:00:00Z', false],
  ])('%s', (_when, quiet, at, expected) => {
    expect(isQuiet(quiet, Date.parse(at))).toBe(expected);
  });

  it('are nobody’s who wants none', () => {
    expect(isQuiet(undefined, 0)).toBe(false);
    expect(quietUntil(undefined, 5)).toBe(5);
  });

  it.each([
    ['of the same night', hours('22:00', '07:00'), '2026-01-10T22:15:30Z', '2026-01-11T06:00:00Z'],
    ['when clocks go back', hours('22:00', '07:00'), '2026-10-24T20:30:00Z', '2026-10-25T06:00:00Z'],
    ['at once outside of them', hours('22:00', '07:00'), '2026-01-10T12:00:01Z', '2026-01-10T12:00:01Z'],
  ])('end: %s', (_what, quiet, now, end) => {
    expect(new Date(quietUntil(quiet, Date.parse(now))).toISOString()).toBe(new Date(end).toISOString());
  });

  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  const zone = fc.constantFrom(
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'UTC',
  );
  const moment = fc.integer({
    min: Date.parse('2026-01-01T00:00:00Z'),
    max: Date.parse('2027-01-01T00:00:00Z'),
  });

  it('are over when they say so, whatever the zone does with its clocks', () => {
    fc.assert(
      fc.property(time, time, zone, moment, (from, to, timeZone, now) => {
        const quiet = hours(from, to, timeZone);
        const until = quietUntil(quiet, now);
        expect(isQuiet(quiet, until)).toBe(false);
        expect(until - now).toBeLessThanOrEqual(26 * 3_600_000);
        expect(until).toBeGreaterThanOrEqual(now);
      }),
    );
  });
});
