import type { Dialect } from '../dialect.ts';
import { channelsInbound } from './decode.ts';
import { encodeChannels } from './encode.ts';
import { channelsOutbound } from './schema.ts';

/**
 * Over a WebSocket of its own, one per room. Frames are JSON without an event name: see `channelsEventOf`. A malformed one is dropped without
 * a word, as the document has it, and nothing is acknowledged.
 */
export const channels: Dialect = {
  name: 'channels',
  transport: 'websocket',
  media: [],
  rungBy: [],
  inbound: channelsInbound,
  outbound: new Map(Object.entries(channelsOutbound)),
  encode: encodeChannels,
  ackFields: () => ({}),
  error: () => [],
};
