import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { type Socket as ClientSocket, io as connect } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRedis, createRedisSocketAdapter, type RedisHandle, type SendingAdapter } from './index.ts';
import { startTestRedis, startTestRedisCluster, type TestRedis } from './testing/test-redis.ts';

/** One node: a Socket.IO server whose sockets join a room when told to, and that joins are done is what they are answered with. */
interface Node {
  readonly io: Server;
  readonly http: HttpServer;
  readonly redis: RedisHandle;
  readonly url: string;
}

async function startNode(url: string): Promise<Node> {
  const redis = await connectRedis({ url });
  const http = createServer().listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const io = new Server(http, { transports: ['websocket'] });
  io.adapter(createRedisSocketAdapter({ publisher: redis.client, subscriber: await redis.subscriber() }));
  io.on('connection', (socket) => {
    socket.on('join', async (room: string, done: () => void) => {
      await socket.join(room);
      done();
    });
  });
  return { io, http, redis, url: `http://127.0.0.1:${address.port}` };
}

async function stopNode({ io, redis }: Node): Promise<void> {
  await io.close();
  await redis[Symbol.asyncDispose]();
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ten seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.skipIf(process.env.SWITCHBOARD_MISSING_PROGRAMS).each([
  ['one server', startTestRedis],
  ['a cluster of three', startTestRedisCluster],
] as const)('the socket adapter on %s', { retry: 0 }, (_name, start) => {
  let server: TestRedis;
  let nodes: Node[];
  const clients: ClientSocket[] = [];
  beforeAll(async () => {
    server = await start();
  }, 60_000);
  afterAll(() => server?.[Symbol.asyncDispose]());
  beforeEach(async () => {
    nodes = await Promise.all([startNode(server.url), startNode(server.url)]);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.disconnect();
    await Promise.all(nodes.map(stopNode));
  });

  const open = async (node: Node): Promise<ClientSocket> => {
    const client = connect(node.url, { transports: ['websocket'], forceNew: true });
    clients.push(client);
    await once(client as never, 'connect');
    return client;
  };
  const [A, B] = [0, 1];
  const node = (at: number): Node => {
    const found = nodes[at];
    if (!found) throw new Error('no such node');
    return found;
  };

  it('brings what is sent the moment after a join was done: 200 of 200', async () => {
    const client = await open(node(A));
    const heard = new Set<number>();
    client.on('hello', (n: number) => heard.add(n));
    for (let n = 0; n < 200; n += 1) {
      await client.emitWithAck('join', `room-${n}`);
      node(B).io.to(`room-${n}`).emit('hello', n);
    }
    await until(() => heard.size === 200, `all heard, not only ${heard.size}`);
  });

  it('lets nodes that take turns be heard in the order of their turns, wherever', async () => {
    const heard: number[][] = [[], []];
    for (const at of [A, B]) {
      const client = await open(node(at));
      client.on('turn', (n: number) => heard[at]?.push(n));
      await client.emitWithAck('join', 'turns');
    }
    const turns = Array.from({ length: 300 }, (_, n) => n);
    for (const n of turns) {
      const { io } = node(n % 2);
      io.to('turns').emit('turn', n);
      // Something else is always under way.
      io.to('elsewhere').emit('turn', n);
      await (io.of('/').adapter as unknown as SendingAdapter).sent();
    }
    await until(() => heard.every((each) => each.length === turns.length), 'all turns are heard');
    expect(heard).toStrictEqual([turns, turns]);
  });

  it('leaves no subscription behind when a socket closes', async () => {
    const channels = async (): Promise<number> => {
      const { client } = node(B).redis;
      const masters = 'nodes' in client ? client.nodes('master') : [client];
      const lists = await Promise.all(masters.map((each) => each.call('PUBSUB', 'SHARDCHANNELS')));
      return lists.flat().length;
    };
    // The namespace's own channel, and one for answers to each node.
    const before = 1 + nodes.length;
    await until(async () => (await channels()) === before, 'the nodes have subscribed');
    const client = await open(node(A));
    for (let n = 0; n < 20; n += 1) await client.emitWithAck('join', `left-${n}`);
    expect(await channels()).toBeGreaterThanOrEqual(before + 20);
    client.disconnect();
    await until(async () => (await channels()) === before, 'the channels are gone');
  });

  it('hears again after Redis was away and came back empty', async () => {
    const client = await open(node(A));
    const heard = new Set<string>();
    client.on('hello', (word: string) => heard.add(word));
    await client.emitWithAck('join', 'lasting');
    await server.restartEmpty();
    await until(async () => {
      node(B).io.to('lasting').emit('hello', 'again');
      return heard.has('again');
    }, 'the room is heard again');
    const later = await open(node(A));
    const said: string[] = [];
    later.on('hello', (word: string) => said.push(word));
    await later.emitWithAck('join', 'new');
    node(B).io.to('new').emit('hello', 'new');
    await until(() => said.includes('new'), 'a new room is heard');
  }, 60_000);
});
