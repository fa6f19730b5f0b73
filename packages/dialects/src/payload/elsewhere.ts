import type { DeliveryOf } from '@switchboard/protocol';

type EndReason = DeliveryOf<'call.ended'>['reason'];

/** The call goes on without this device, or was refused by another of the same user: it hears so though `by` is its own user. */
export function isElsewhere(reason: EndReason): boolean {
  return reason === 'answered_elsewhere' || reason === 'rejected_elsewhere' || reason === 'moved';
}

/** In vocabularies that know of no move the device that was left is like one that another was faster than. */
export function withoutMoves<R extends EndReason>(reason: R): Exclude<R, 'moved'> | 'answered_elsewhere' {
  return reason === 'moved' ? 'answered_elsewhere' : (reason as Exclude<R, 'moved'>);
}
