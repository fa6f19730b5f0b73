import type { Dialect } from '../dialect.ts';
import { expoInbound } from './decode.ts';
import { encodeExpo, expoAckFields } from './encode.ts';
import { expoSocketError } from './errors.ts';
import { inLowerCase } from './lower-case.ts';
import { expoOutbound } from './schema.ts';

export const expo: Dialect = {
  name: 'expo',
  transport: 'socket.io',
  media: ['p2p'],
  rungBy: ['offer-first', 'accept-first'],
  inbound: expoInbound,
  outbound: new Map(Object.entries(expoOutbound)),
  encode: encodeExpo,
  ackFields: expoAckFields,
  error: expoSocketError,
};

/** Apps exist with both cases. */
export const expoLower: Dialect = inLowerCase(expo, 'expo-lower');
