import { dialects } from '@switchboard/dialects';
import { type CallState, compatible } from '@switchboard/domain';
import type { CallMedia, DialectName, Negotiation } from '@switchboard/protocol';

export interface Ring {
  readonly media: CallMedia;
  readonly negotiation: Negotiation;
  readonly hasOffer: boolean;
}

export function ringOf({ call, negotiation, offer }: CallState): Ring {
  return { media: call.media, negotiation, hasOffer: offer !== undefined };
}

/** Whether a device can be rung. One that has not named its dialect may speak any of those on Socket.IO. */
export function ringable(dialect: DialectName | null, ring: Ring): boolean {
  if (dialect !== null) {
    const spoken = dialects.get(dialect);
    return spoken !== undefined && compatible(spoken, ring);
  }
  return [...dialects.values()].some((one) => one.transport === 'socket.io' && compatible(one, ring));
}

/** Whether a device can take part in a call's media at all, whoever called. */
export function canJoin(dialect: DialectName | null, media: CallMedia): boolean {
  return dialect === null || (dialects.get(dialect)?.media.includes(media) ?? false);
}
