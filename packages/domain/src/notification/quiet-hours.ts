import type { QuietHours } from '@switchboard/protocol';

const MINUTE_MS = 60_000;
const DAY = 24 * 60;

/**
 * Whether the wall clock of the user's zone shows a time from `from` up to, but not including, `to`. `from` after `to`: past midnight; equal: never. On the days
 * when that clock is put forward or back the stretch is as much shorter or longer.
 * @param now Milliseconds since 1970.
 */
export function isQuiet(quiet: QuietHours | undefined, now: number): boolean {
  if (!quiet) return false;
  const minute = minuteOfDay(quiet.timeZone, now);
  const from = minutes(quiet.from);
  const to = minutes(quiet.to);
  return from <= to ? from <= minute && minute < to : from <= minute || minute < to;
}

/** When it is no longer quiet, milliseconds since 1970; `now` when it is not. At most an hour late on a day when clocks are put forward. */
export function quietUntil(quiet: QuietHours | undefined, now: number): number {
  let at = now;
  // A second look for the day when clocks are put back, and the hour comes again.
  for (let look = 0; look < 3 && quiet && isQuiet(quiet, at); look += 1) {
    const left = (minutes(quiet.to) - minuteOfDay(quiet.timeZone, at) + DAY) % DAY;
    at += left * MINUTE_MS - (at % MINUTE_MS);
  }
  return at;
}

function minutes(time: string): number {
  const [hours, rest] = time.split(':');
  return Number(hours) * 60 + Number(rest);
}

/** What the zone's wall clock shows, in minutes since midnight. */
function minuteOfDay(timeZone: string, at: number): number {
  const shown = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  return minutes(shown.format(at));
}
