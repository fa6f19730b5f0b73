import type { CallMedia, Negotiation } from '@switchboard/protocol';

/** What a device's dialect can take. */
export interface RingingAbility {
  readonly media: readonly CallMedia[];
  readonly rungBy: readonly Negotiation[];
}

/**
 * Whether a call can ring a device. Media must match. In a Jitsi room the two negotiate with Jitsi; between peers:
 *
 * | caller                 | device takes offer-first | device takes accept-first        |
 * |------------------------|--------------------------|----------------------------------|
 * | sent an offer          | yes                      | yes, the offer follows the accept |
 * | accept-first, no offer | no                       | yes                              |
 * | offer-first, no offer  | no                       | no, nothing will follow          |
 */
export function compatible(
  dialect: RingingAbility,
  call: { readonly media: CallMedia; readonly negotiation: Negotiation; readonly hasOffer: boolean },
): boolean {
  if (!dialect.media.includes(call.media)) return false;
  if (call.media === 'jitsi') return true;
  if (call.hasOffer) return dialect.rungBy.length > 0;
  return call.negotiation === 'accept-first' && dialect.rungBy.includes('accept-first');
}
