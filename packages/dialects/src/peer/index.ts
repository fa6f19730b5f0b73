import type { Dialect } from '../dialect.ts';
import { peerInbound } from './decode.ts';
import { encodePeer, peerAckFields } from './encode.ts';
import { peerSocketError } from './errors.ts';
import { peerOutbound } from './schema.ts';

export const peer: Dialect = {
  name: 'peer',
  transport: 'socket.io',
  media: ['p2p'],
  rungBy: ['offer-first'],
  inbound: peerInbound,
  outbound: new Map(Object.entries(peerOutbound)),
  encode: encodePeer,
  ackFields: peerAckFields,
  error: peerSocketError,
};
