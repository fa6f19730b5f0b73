import type { Dialect } from '../dialect.ts';
import { roomsInbound } from './decode.ts';
import { encodeRooms, roomsAckFields } from './encode.ts';
import { roomsSocketError } from './errors.ts';
import { roomsOutbound } from './schema.ts';

export const rooms: Dialect = {
  name: 'rooms',
  transport: 'socket.io',
  media: ['p2p'],
  rungBy: ['accept-first'],
  inbound: roomsInbound,
  outbound: new Map(Object.entries(roomsOutbound)),
  encode: encodeRooms,
  ackFields: roomsAckFields,
  error: roomsSocketError,
};
