import type { Dialect } from '../dialect.ts';
import { jitsiInbound } from './decode.ts';
import { encodeJitsi, jitsiAckFields } from './encode.ts';
import { jitsiSocketError } from './errors.ts';
import { jitsiOutbound } from './schema.ts';

export const jitsi: Dialect = {
  name: 'jitsi',
  transport: 'socket.io',
  media: ['jitsi'],
  rungBy: ['accept-first'],
  inbound: jitsiInbound,
  outbound: new Map(Object.entries(jitsiOutbound)),
  encode: encodeJitsi,
  ackFields: jitsiAckFields,
  error: jitsiSocketError,
};
