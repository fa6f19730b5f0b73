import type { Dialect } from '@switchboard/dialects';
import type { JsonObject } from '../json.ts';

/** What the transport of a vocabulary means for its channel. */
interface Transport {
  readonly server: JsonObject;
  readonly channel: JsonObject;
  /** Whether an event can be acknowledged. */
  readonly acks: boolean;
}

const host = {
  host: '{host}',
  variables: { host: { default: 'localhost:3000', description: 'Where the server is reached.' } },
};

const security = ['bearer', 'token'].map((name) => ({ $ref: `#/components/securitySchemes/${name}` }));

export const transports: Readonly<Record<Dialect['transport'], Transport>> = {
  'socket.io': {
    acks: true,
    server: {
      ...host,
      protocol: 'socket.io',
      protocolVersion: '5',
      pathname: '/socket.io/',
      description: `Socket.IO, over WebSocket or polling.

A message is a Socket.IO event of its name; the payload is the event's one argument.

The access token travels in \`auth.token\` of the handshake, else in the \`Authorization\` header, else in the query. A socket without one may say \`join\` within ten seconds.

A client names its vocabulary in \`auth.dialect\` or \`?dialect=\`. One that does not is sent the events of every vocabulary until it sends an event that only one has.

When the last argument is a function it is called once, with the ack; without one, a refused event is answered by the \`error\` event.`,
      security,
    },
    channel: { address: '/' },
  },
  websocket: {
    acks: false,
    server: {
      ...host,
      protocol: 'ws',
      description: `WebSocket, a connection a room.

A message is a text frame that holds a JSON object.

The access token travels in the \`Authorization\` header, in the query, or in the subprotocols \`bearer, <token>\`. Who may not enter is refused in the HTTP upgrade. Malformed frames are dropped.`,
      security,
    },
    channel: {
      address: '/ws/chat/{room_id}/',
      parameters: { room_id: { description: 'The id of the room, an integer.' } },
    },
  },
};

export const securitySchemes: JsonObject = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token that every log-in answers.',
  },
  token: { type: 'httpApiKey', name: 'token', in: 'query', description: 'The same, in the query.' },
};
