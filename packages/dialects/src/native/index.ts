import type { Dialect } from '../dialect.ts';
import { nativeInbound } from './decode.ts';
import { encodeNative, nativeAckFields } from './encode.ts';
import { nativeSocketError } from './errors.ts';
import { nativeOutbound } from './schema.ts';

/** Our own: acks on everything, sequence numbers, sync, resume; both kinds of media, either negotiation. */
export const native: Dialect = {
  name: 'native',
  transport: 'socket.io',
  media: ['p2p', 'jitsi'],
  rungBy: ['offer-first', 'accept-first'],
  inbound: nativeInbound,
  outbound: new Map(Object.entries(nativeOutbound)),
  encode: encodeNative,
  ackFields: nativeAckFields,
  error: nativeSocketError,
};
