import type { RingView } from '@switchboard/dialects';
import type { Call } from '@switchboard/protocol';

type Device = RingView['devices'][number];

/**
 * Why a call did or did not ring for one callee, in a sentence: where it rang, what became of the pushes, and how it ended there. For the people who
 * are asked "why didn't it ring?"; programs read the fields beside it.
 */
export function explain(call: Call, outcome: RingView['outcome'], devices: readonly Device[]): string {
  return [...rang(outcome, devices), ended(call, outcome, devices)].join('; ');
}

function rang(outcome: RingView['outcome'], devices: readonly Device[]): string[] {
  const sockets = devices.filter(({ target, rungAt }) => target === 'socket' && rungAt !== undefined);
  const told = [...(sockets.length > 0 ? [onSockets(sockets)] : []), ...pushes(devices)];
  if (told.length > 0) return told;
  if (outcome === 'busy' || outcome === 'unavailable' || outcome === 'banned') return [];
  return ['no record of a ring'];
}

function onSockets(sockets: readonly Device[]): string {
  const acknowledged = sockets.filter((device) => device.acknowledgedAt !== undefined).length;
  // Only this vocabulary has a word for it.
  const silent = sockets.every(({ dialect }) => dialect !== 'native');
  const where = `rang on ${count(sockets.length, 'connected device')}`;
  if (acknowledged === 0) {
    return silent ? `${where}, ${unsaying(sockets)}` : `${where}, none of which acknowledged`;
  }
  if (sockets.length === 1) return `${where}, which acknowledged`;
  return `${where}, ${acknowledged} of which acknowledged`;
}

function unsaying(sockets: readonly Device[]): string {
  const dialects = [...new Set(sockets.map(({ dialect }) => dialect ?? 'undeclared'))].sort();
  return `in words that do not acknowledge (${dialects.join(', ')})`;
}

/** What became of the pushes that were to ring, by how far they came, with the reasons of those that did not. */
function pushes(devices: readonly Device[]): string[] {
  const far = { delivered: 0, sent: 0 };
  const failed: string[] = [];
  const dropped: string[] = [];
  for (const device of devices) {
    const steps = device.pushes.filter(({ content }) => content === 'call.incoming');
    const step = (name: Device['pushes'][number]['step']) => steps.find((one) => one.step === name);
    const [lost, unsent] = [step('failed'), step('dropped')];
    if (lost) failed.push(lost.detail ?? 'for an unknown reason');
    else if (step('delivered')) far.delivered += 1;
    else if (step('sent')) far.sent += 1;
    else if (unsent) dropped.push(unsent.detail ?? 'no longer wanted');
  }
  return [
    ...(far.delivered > 0 ? [`push delivered to ${count(far.delivered, 'device')}`] : []),
    ...(far.sent > 0
      ? [`push taken by its service for ${count(far.sent, 'device')}, delivery not confirmed`]
      : []),
    ...(failed.length > 0 ? [`push failed: ${reasons(failed)}`] : []),
    ...(dropped.length > 0 ? [`push not sent: ${reasons(dropped)}`] : []),
  ];
}

function ended(call: Call, outcome: RingView['outcome'], devices: readonly Device[]): string {
  const after = (at: string | undefined) =>
    at === undefined ? '' : ` after ${seconds(Date.parse(at) - Date.parse(call.createdAt))}`;
  switch (outcome) {
    case 'ringing':
      return 'still ringing';
    case 'answered':
      return `answered${after(call.answeredAt)}`;
    case 'answered_elsewhere':
      return `another callee answered${after(call.answeredAt)}`;
    case 'rejected':
      return 'declined';
    case 'busy':
      return devices.some(({ declinedAt }) => declinedAt !== undefined)
        ? 'declined as busy'
        : 'was in another call';
    case 'unavailable':
      return 'no device that could ring: none was connected that can take this call, and none could be woken: none is registered, or quiet hours keep it silent';
    case 'missed':
      return `nobody answered within ${seconds(Date.parse(call.endedAt ?? call.createdAt) - Date.parse(call.createdAt))}`;
    case 'cancelled':
      return `the caller gave up${after(call.endedAt)}`;
    case 'network_error':
      return `the caller was lost${after(call.endedAt)}`;
    case 'banned':
      return 'an account was closed';
  }
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Each reason once, machine words readable, with how often. */
function reasons(given: readonly string[]): string {
  const times = new Map<string, number>();
  for (const reason of given) times.set(reason, (times.get(reason) ?? 0) + 1);
  return [...times]
    .map(([reason, n]) => (n === 1 ? words(reason) : `${words(reason)} (${n} devices)`))
    .join(', ');
}

function words(reason: string): string {
  return reason.replaceAll('_', ' ');
}
