import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { mutated } from './mutate.ts';
import { hostileValue } from './values.ts';

/** What a transport of Engine.IO can be handed that no client library sends. */
export const engineFrames: fc.Arbitrary<string | Buffer> = fc.oneof(
  fc.constantFrom<string | Buffer>(
    '',
    '0',
    '1',
    '2',
    '2probe',
    '3',
    '4',
    '5',
    '6',
    '9',
    'b',
    'bAAAA',
    '40',
    '40{',
    '40null',
    '40/nowhere,',
    '40/nowhere,{"token":1}',
    '41',
    '42',
    '42[',
    '42[]',
    '42{}',
    '42null',
    '42[null]',
    '42[{"$gt":""},{}]',
    '42["disconnecting"]',
    '42["newListener",{}]',
    '42["connect"]',
    '42/,["message",{}]',
    '42999999999999999999["message",{}]',
    '43999["x"]',
    '44{}',
    '45',
    '451-["message",{"_placeholder":true,"num":0}]',
    '451-["message",{"_placeholder":true,"num":99}]',
    '4599999-["message"]',
    '46',
    '49["x"]',
    Buffer.alloc(0),
    Buffer.from([4, 255, 0]),
    Buffer.alloc(1000),
  ),
  fc
    .tuple(
      fc.constantFrom('42', '421', '40', '43', '451-'),
      mutated([['message', { to: '1', content: 'x' }]], hostileValue),
    )
    .map(([type, value]) => `${type}${JSON.stringify(value)}`.slice(0, 100_000)),
  mutated([{ token: 'x', dialect: 'peer' }], hostileValue).map((auth) =>
    `40${JSON.stringify(auth)}`.slice(0, 100_000),
  ),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

/** Percent-encoded by way of UTF-8, which has no half surrogates. */
const word = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('1', '../1', '%zz', '-1', '1e3', 'x'.repeat(4000)),
  )
  .map((text) => (text === '%zz' ? text : encodeURIComponent(Buffer.from(text).toString())));

/** Upgrades to a WebSocket that name odd rooms, tokens and protocols. */
const oddUpgrade = fc
  .record({
    path: fc.oneof(
      word.map((room) => `/ws/chat/${room}/`),
      word.map((rest) => `/ws/${rest}`),
      fc.constant('/socket.io/'),
    ),
    token: word,
    dialect: word,
    protocol: fc.constantFrom(
      '',
      'Sec-WebSocket-Protocol: bearer\r\n',
      'Sec-WebSocket-Protocol: bearer, ,,x\r\n',
    ),
    version: fc.constantFrom('13', '8', '-1', 'x'),
  })
  .map(({ path, token, dialect, protocol, version }) =>
    Buffer.from(
      `GET ${path}?EIO=4&transport=websocket&token=${token}&dialect=${dialect} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: ${version}\r\n${protocol}\r\n`,
    ),
  );

/** What is almost HTTP. */
export const brokenRequests: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .constantFrom(
      'GET',
      'GET /\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
      'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
      'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      'POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST /auth/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'GET /socket.io/?EIO=3&transport=polling&b64=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      'GET /ws/chat/1/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'GET /ws/chat/%zz/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n',
      'GET /elsewhere HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n',
    )
    .map((text) => Buffer.from(text, 'latin1')),
  oddUpgrade,
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.constantFrom('GET', 'POST', 'X'), fc.string({ unit: 'binary', maxLength: 60 }))
    .map(([method, path]) =>
      Buffer.from(`${method} /${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
    ),
);

/** A connection of its own for a few frames; whether the server closes it is up to the server. */
export async function sendFrames(
  url: string,
  greeting: string,
  frames: readonly (string | Buffer)[],
): Promise<void> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  ws.on('error', () => {});
  await Promise.race([once(ws, 'message'), once(ws, 'close')]);
  if (ws.readyState === WebSocket.OPEN) ws.send(greeting);
  for (const frame of frames) if (ws.readyState === WebSocket.OPEN) ws.send(frame);
  // A pong comes behind whatever the frames led to, unless they led to the end.
  if (ws.readyState === WebSocket.OPEN) ws.ping();
  await within(10_000, Promise.race([once(ws, 'pong'), once(ws, 'close')]), 'no pong and no close');
  ws.terminate();
}

/** A payload for a polling transport of its own. @returns The status; a client that makes no sense is 400. */
export async function sendPoll(url: string, payload: string | Buffer): Promise<number> {
  const base = `${url}/socket.io/?EIO=4&transport=polling`;
  const greeting = await (await fetch(base)).text();
  const { sid } = JSON.parse(greeting.slice(1)) as { sid: string };
  const body = typeof payload === 'string' ? payload : new Uint8Array(payload);
  const reply = await fetch(`${base}&sid=${sid}`, { method: 'POST', body });
  await reply.text();
  return reply.status;
}

/** Bytes on a connection of their own, which is hung up when the server has said something, or nothing for a moment. */
export async function sendBytes(url: string, bytes: Buffer): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(bytes);
  const ended = new Promise<void>((resolve) => {
    socket.once('data', () => resolve());
    socket.once('close', () => resolve());
    setTimeout(resolve, 50).unref();
  });
  await ended;
  socket.destroy();
}

export async function within<T>(ms: number, work: Promise<T>, complaint: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
