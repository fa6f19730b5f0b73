import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, connect, type Socket as NetSocket } from 'node:net';
import { createManualClock, type ManualClock } from '@switchboard/engine-memory';
import type { Bus } from '@switchboard/ports';
import {
  type Identity,
  LIMITS,
  type Result,
  reject,
  SessionId,
  UserId,
  unavailable,
} from '@switchboard/protocol';
import { createLogger, createMetrics } from '@switchboard/service-kit';
import { Server, type Socket } from 'socket.io';
import { io as connectSocketIo } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAdmission, type Line } from '../edge/admission.ts';
import { boundUnsent } from '../edge/unsent.ts';
import { eventually } from '../testing/eventually.ts';
import { openRaw, type RawClient, type RawOptions, refusedRaw } from '../testing/raw-client.ts';
import { type RawConnection, rawConnectionOf } from './raw-connection.ts';
import { createRawServer, HARD_FRAME_BYTES, type RawServer } from './raw-server.ts';

const alice: Identity = {
  id: UserId.parse('1'),
  username: 'alice',
  name: 'Alice',
  email: null,
  role: 'user',
  sessionId: SessionId.parse('7b0ad3f2-6f4f-4c26-8ed4-0d3c0ad3f26f'),
};
const UPGRADE = 'GET /ws/chat/5/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
const KEY = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const withToken: RawOptions = { headers: { Authorization: 'Bearer good' } };

/** The transport alone, between a bare Socket.IO server and real clients. */
interface Stand {
  url: string;
  io: Server;
  raw: RawServer;
  clock: ManualClock;
  sockets: Socket[];
  events: unknown[][];
  /** What the upgrade finds. */
  admitted: () => Result<Identity>;
  room: () => Promise<Result<unknown>>;
  accepting: boolean;
  lines: Line[];
  /** Every socket finds into its room at once. */
  enters: boolean;
}

let stand: Stand;
let http: HttpServer;
const clients: RawClient[] = [];

beforeEach(async () => {
  const clock = createManualClock();
  const io = new Server({ destroyUpgrade: false, transports: ['websocket', 'polling'] });
  const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
  const made: Stand = {
    url: '',
    io,
    raw: undefined as never,
    clock,
    sockets: [],
    events: [],
    admitted: () => ({ ok: true, value: alice }),
    room: async () => ({ ok: true, value: {} }),
    accepting: true,
    lines: [],
    enters: true,
  };
  made.raw = createRawServer({
    io,
    trusted: ['https://app.example.test'],
    bus: { request: () => made.room() } as unknown as Pick<Bus, 'request'>,
    clock,
    logger,
    metrics: createMetrics({ service: 'test' }),
    async admit(line) {
      made.lines.push(line);
      return made.admitted();
    },
    accepting: () => made.accepting,
    heartbeat: { pingIntervalMs: 20_000, pingTimeoutMs: 10_000 },
  });
  io.use(
    createAdmission({ requireHandshakeToken: true } as never, async () => reject('UNAUTHORIZED', 'none')),
  );
  io.on('connection', (socket) => {
    made.sockets.push(socket);
    boundUnsent(socket.conn, 50);
    socket.onAny((...event) => made.events.push(event));
    void socket.join('room');
    if (made.enters) rawConnectionOf(socket)?.enter({ ok: true, value: null });
  });
  http = createServer((_request, response) => response.end('http'));
  io.attach(http);
  made.raw.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  made.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  stand = made;
});

afterEach(async () => {
  for (const { ws } of clients.splice(0)) ws.terminate();
  await stand.raw[Symbol.asyncDispose]();
  await stand.io.close();
});

const open = async (options: RawOptions = withToken, path = '/ws/chat/5/'): Promise<RawClient> => {
  const client = await openRaw(stand.url, path, options);
  clients.push(client);
  return client;
};
/** A bare connection that says this at once. */
const dial = (request: string): NetSocket => {
  const wire = connect(Number(new URL(stand.url).port), '127.0.0.1');
  wire.on('error', () => {});
  wire.write(request);
  return wire;
};
/** A short text frame, masked with nothing. */
const textFrame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
const connectionOf = async (index = 0): Promise<RawConnection> =>
  eventually(() => stand.sockets[index] && rawConnectionOf(stand.sockets[index]));

describe('an upgrade', () => {
  it('becomes a socket of Socket.IO that hears its rooms and is heard', async () => {
    const [mine, other] = [await open(), await open()];
    await eventually(() => stand.sockets.length === 2);
    mine.say({ content: 'hi' });
    await eventually(() => stand.events.length === 1);
    expect(stand.events).toEqual([['message', { content: 'hi' }, '5']]);
    stand.io.to('room').emit('message', { id: 1 });
    await mine.hears(({ id }) => id === 1);
    await other.hears(({ id }) => id === 1);
    expect(stand.sockets[0]?.data.admission).toMatchObject({ identity: alice, room: '5' });
  });

  it('lives beside Socket.IO on the same server', async () => {
    const socket = connectSocketIo(stand.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
    });
    const refused = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));
    expect(refused.message).toBe('Authentication error');
    expect(await (await fetch(stand.url)).text()).toBe('http');
    socket.close();
  });

  it('selects `bearer` of a pair of subprotocols', async () => {
    const { ws } = await open({ protocols: ['bearer', 'good'] });
    expect(ws.protocol).toBe('bearer');
    expect((await open({}, '/ws/chat/5?token=good')).ws.protocol).toBe('');
  });

  it.each([
    ['of nobody', 401, () => {}, '/ws/chat/5/', {}],
    [
      'with a bad token',
      401,
      () => {
        stand.admitted = () => reject('UNAUTHORIZED', 'no', { detail: 'bad_token' });
      },
      '/ws/chat/5/',
      withToken,
    ],
    [
      'of a user with too many sockets',
      429,
      () => {
        stand.admitted = () => reject('RATE_LIMITED', 'too many');
      },
      '/ws/chat/5/',
      withToken,
    ],
    [
      'while auth is away',
      503,
      () => {
        stand.admitted = () => ({ ok: false, error: unavailable('auth').rejection });
      },
      '/ws/chat/5/',
      withToken,
    ],
    [
      'to a room that is not',
      404,
      () => {
        stand.room = async () => reject('ROOM_NOT_FOUND', 'No such room');
      },
      '/ws/chat/5/',
      withToken,
    ],
    ['to a room that cannot be', 404, () => {}, '/ws/chat/five/', withToken],
    [
      'while rooms are away',
      503,
      () => {
        stand.room = async () => {
          throw unavailable('chat');
        };
      },
      '/ws/chat/5/',
      withToken,
    ],
    [
      'when something is broken',
      500,
      () => {
        stand.room = async () => {
          throw new Error('broken');
        };
      },
      '/ws/chat/5/',
      withToken,
    ],
    [
      'of a node on its way down',
      503,
      () => {
        stand.accepting = false;
      },
      '/ws/chat/5/',
      withToken,
    ],
    [
      'of a foreign page',
      403,
      () => {},
      '/ws/chat/5/',
      { headers: { ...withToken.headers, Origin: 'https://evil.example.test' } },
    ],
    ['to somewhere else', 404, () => {}, '/ws/other/', withToken],
    ['to the root', 404, () => {}, '/', withToken],
    ['beside Socket.IO', 404, () => {}, '/socket.io', withToken],
  ] as const)('%s is refused with %d in HTTP', async (_case, status, given, path, options) => {
    given();
    const refusal = await refusedRaw(stand.url, path, options);
    expect(refusal).toMatchObject({
      status,
      headers: { connection: 'close', 'content-type': 'application/json' },
    });
    if (path.startsWith('/ws')) expect(refusal.body).toMatchObject({ detail: expect.any(String) });
    if (status === 401) expect(refusal.headers['www-authenticate']).toBe('Bearer realm="api"');
    if (status === 429 || status === 503) expect(refusal.headers['retry-after']).toBe('1');
    expect(stand.sockets).toEqual([]);
  });

  it('from a page of ours or of a trusted origin is let in', async () => {
    for (const Origin of ['https://app.example.test', stand.url]) {
      await open({ headers: { ...withToken.headers, Origin } });
    }
  });

  it('that was revoked while it was looked at is refused', async () => {
    stand.room = async () => {
      for (const line of stand.lines) line.close();
      return { ok: true, value: {} };
    };
    expect(await refusedRaw(stand.url, '/ws/chat/5/', withToken)).toMatchObject({ status: 401 });
  });

  it('whose client is gone by then costs nothing', async () => {
    let found = () => {};
    stand.room = () =>
      new Promise((resolve) => {
        found = () => resolve({ ok: true, value: {} });
      });
    const wire = dial(`${UPGRADE}${KEY}Authorization: Bearer good\r\n\r\n`);
    await eventually(() => stand.lines.length === 1);
    let freed = false;
    stand.lines[0]?.onClose(() => {
      freed = true;
    });
    wire.resetAndDestroy();
    await eventually(() => wire.closed);
    found();
    await eventually(() => freed);
  });
});

describe('a socket on its way into its room', () => {
  const entering = async (): Promise<{ opening: Promise<RawClient>; connection: RawConnection }> => {
    stand.enters = false;
    const opening = open();
    opening.catch(() => {});
    return { opening, connection: await connectionOf() };
  };

  it('hears from the moment of its upgrade what was said since it was in', async () => {
    const { opening, connection } = await entering();
    stand.io.to('room').emit('message', { id: 1 });
    stand.io.to('room').emit('message', { id: 2 });
    connection.enter({ ok: true, value: null });
    const mine = await opening;
    stand.io.to('room').emit('message', { id: 3 });
    await mine.hears(({ id }) => id === 3);
    expect(mine.heard).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it.each([
    [404, (connection: RawConnection) => connection.enter(reject('ROOM_NOT_FOUND', 'No such room'))],
    [403, (connection: RawConnection) => connection.enter(reject('PERMISSION_DENIED', 'The room is full'))],
    [401, () => stand.lines[0]?.close()],
    [401, () => stand.io.in('room').disconnectSockets(true)],
    [404, (connection: RawConnection) => connection.end('room_deleted')],
    [503, (connection: RawConnection) => connection.close()],
    [503, () => stand.clock.advance(11_000)],
    [
      503,
      (connection: RawConnection) => {
        stand.accepting = false;
        connection.enter({ ok: true, value: null });
      },
    ],
  ] as const)('may still be refused in HTTP: %d', async (status, given) => {
    stand.enters = false;
    const refusal = refusedRaw(stand.url, '/ws/chat/5/', withToken);
    void given(await connectionOf());
    expect(await refusal).toMatchObject({ status });
    await eventually(() => stand.sockets[0]?.disconnected);
  });

  it('is let go when its client turns out to speak no WebSocket', async () => {
    const wire = dial(`${UPGRADE}Authorization: Bearer good\r\n\r\n`);
    let answer = '';
    wire.on('data', (chunk) => {
      answer += chunk.toString();
    });
    await eventually(() => stand.sockets[0]?.disconnected);
    await eventually(() => /^HTTP\/1.1 4\d\d /.test(answer));
  });

  it('is let go when its client left in the meantime', async () => {
    stand.enters = false;
    const wire = dial(`${UPGRADE}${KEY}Authorization: Bearer good\r\n\r\n`);
    const connection = await connectionOf();
    wire.resetAndDestroy();
    await eventually(() => wire.closed);
    connection.enter({ ok: true, value: null });
    await eventually(() => stand.sockets[0]?.disconnected);
  });

  it('is heard in order, even when it did not wait for the answer to its upgrade', async () => {
    stand.enters = false;
    const wire = dial(`${UPGRADE.replace('/5/', '/5/?token=good')}${KEY}\r\n`);
    for (let n = 0; n < 300; n += 1) wire.write(textFrame(JSON.stringify({ content: `${n}` })));
    const connection = await connectionOf();
    connection.enter({ ok: true, value: null });
    await eventually(() => stand.events.length === 300);
    expect(stand.events.map(([, frame]) => (frame as { content: string }).content)).toEqual(
      Array.from({ length: 300 }, (_, n) => `${n}`),
    );
    wire.destroy();
  });
});

describe('frames', () => {
  it('that mean nothing are dropped, and the socket lives', async () => {
    const mine = await open();
    mine.say('');
    mine.ws.send(Buffer.from('{"content":"hi"}'), { binary: true });
    mine.say('{');
    mine.say({ content: 'x'.repeat(LIMITS.frameBytes) });
    mine.say({ content: 'x'.repeat(HARD_FRAME_BYTES - 100) });
    mine.say({ type: 'disconnect' });
    mine.say({ content: 'still here' });
    await eventually(() => stand.events.at(-1)?.[0] === 'message');
    expect(stand.events.map(([event]) => event)).toEqual([
      'blank',
      'binary',
      'malformed',
      'oversize',
      'oversize',
      'unknown',
      'message',
    ]);
  });

  it('beyond all measure close it', async () => {
    const mine = await open();
    mine.say({ content: 'x'.repeat(HARD_FRAME_BYTES) });
    expect(await mine.closed).toMatchObject({ code: 1009 });
    await eventually(() => stand.sockets[0]?.disconnected);
  });

  it('that are none close it', async () => {
    const mine = await open();
    await connectionOf();
    const wire = (mine.ws as unknown as { _socket: { write(bytes: Buffer): void } })._socket;
    wire.write(Buffer.from([0xff, 0xff, 0xff]));
    expect(await mine.closed).toMatchObject({ code: 1002 });
    await eventually(() => stand.sockets[0]?.disconnected);
  });
});

describe('the end', () => {
  it.each([
    ['refused', 4401],
    ['room_deleted', 4404],
    ['flood', 1008],
    ['fault', 1011],
    ['drain', 1012],
  ] as const)('by the server, %s, is told by the code %d', async (farewell, code) => {
    const mine = await open();
    (await connectionOf()).end(farewell);
    expect(stand.sockets[0]?.disconnected).toBe(true);
    expect(await mine.closed).toMatchObject({ code });
  });

  it('of a session, by its place, is told', async () => {
    const mine = await open();
    await connectionOf();
    stand.lines[0]?.close();
    expect(await mine.closed).toMatchObject({ code: 4401 });
  });

  it('for good, through the adapter, is told', async () => {
    const [mine, other] = [await open(), await open()];
    await eventually(() => stand.sockets.length === 2);
    stand.io.in('room').disconnectSockets(true);
    expect(await mine.closed).toMatchObject({ code: 4401 });
    expect(await other.closed).toMatchObject({ code: 4401 });
  });

  it('of the node, by a bare close, is told; a client that speaks no more is cut', async () => {
    const mine = await open();
    (await connectionOf()).close();
    expect(await mine.closed).toMatchObject({ code: 1012 });
  });

  it('by the client, with a goodbye or without, is noticed', async () => {
    const [polite, rude] = [await open(), await open()];
    await eventually(() => stand.sockets.length === 2);
    polite.ws.close();
    rude.ws.terminate();
    await eventually(() => stand.sockets.every((socket) => socket.disconnected));
  });
});

describe('a client that went without a word', () => {
  it('is asked for a sign of life and cut without one', async () => {
    const mine = await open();
    const connection = await connectionOf();
    const { heardAt } = connection;
    await stand.clock.advance(21_000);
    await eventually(() => connection.pingedAt === undefined && connection.heardAt > heardAt);
    expect(connection.readyState).toBe('open');
    mine.ws.pause();
    await stand.clock.advance(21_000);
    expect(connection.pingedAt).toBeDefined();
    expect(connection.readyState).toBe('open');
    await stand.clock.advance(11_000);
    expect(connection.readyState).toBe('closed');
    expect(stand.sockets[0]?.disconnected).toBe(true);
  });
});

describe('a client that does not read', () => {
  const flood = async (content: string, packets: number): Promise<void> => {
    for (let sent = 0; sent < packets && stand.sockets[0]?.connected; sent += 1) {
      stand.io.to('room').emit('message', { sent, content });
      // Let what can be written be written.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  it('is cut when too many packets wait for it', async () => {
    const mine = await open();
    await connectionOf();
    mine.ws.pause();
    // More than sockets buffer, and too little to be cut for its size.
    await flood('x'.repeat(40_000), 380);
    expect(stand.sockets[0]?.disconnected).toBe(true);
  });

  it('is cut when too much waits for it', async () => {
    const mine = await open();
    await connectionOf();
    mine.ws.pause();
    stand.io.to('room').emit('message', { content: 'x'.repeat(40 * 1024 * 1024) });
    expect(stand.sockets[0]?.disconnected).toBe(true);
  });

  it('and one that does read is not, however much there is', async () => {
    const mine = await open();
    await connectionOf();
    await flood('x'.repeat(1_000), 2_000);
    await mine.hears(({ sent }) => sent === 1_999);
    expect(mine.heard).toHaveLength(2_000);
  });
});
