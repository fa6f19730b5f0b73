import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

const CALLS = 6;
const WRITERS = 4;
const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };
type Message = { id: string; seq: number; clientMessageId?: string };

let cluster: LiveCluster;
let stage: Stage;

/** Nobody chooses a node: the gateway does. */
function everybodyThrough({ name, gateway }: LiveCluster) {
  return {
    name,
    url: () => gateway,
    crash: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Talk {
  readonly caller: SocketClient;
  readonly callee: SocketClient;
}

async function talk(): Promise<Talk> {
  const [alice, bob] = await Promise.all([
    register(stage.topology, 'alice'),
    register(stage.topology, 'bob'),
  ]);
  const [caller, callee] = [await stage.native(alice), await stage.native(bob)];
  await caller.ask('call.place', { to: { userId: bob.id }, kind: 'video', offer });
  await callee.log.next('call.incoming', undefined, 15_000);
  expect((await callee.ask('call.answer', { answer })).ok).toBe(true);
  await caller.log.next('call.answered', undefined, 15_000);
  return { caller, callee };
}

/** Sends on and on, each message until it is acknowledged. */
class Writer {
  readonly acked = new Map<string, Message>();
  readonly refusals = new Map<string, number>();
  readonly #client: SocketClient;
  readonly #to: Person;
  #writing = true;
  #done: Promise<void> | undefined;

  constructor(client: SocketClient, to: Person) {
    this.#client = client;
    this.#to = to;
  }

  start(): void {
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    while (this.#writing) {
      const clientMessageId = randomUUID();
      while (this.#writing && !this.acked.has(clientMessageId)) {
        const reply = await this.#client
          .ask('chat.send', { to: { userId: this.#to.id }, content: 'x', clientMessageId })
          .catch(() => ({ ok: false, error: { code: 'no answer' } }));
        if (reply.ok) this.acked.set(clientMessageId, (reply as { message: Message }).message);
        else {
          const { code } = reply.error as { code: string };
          this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
        }
      }
    }
  }

  async stop(): Promise<void> {
    this.#writing = false;
    await this.#done;
  }
}

async function stored(reader: SocketClient, conversationId: string): Promise<Message[]> {
  const all: Message[] = [];
  for (let more = true; more; ) {
    const page = await reader.ask('chat.sync', { conversationId, after: all.at(-1)?.seq ?? 0, limit: 200 });
    all.push(...(page.messages as Message[]));
    more = page.more === true;
  }
  return all;
}

describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS)).each([
  { name: 'one NATS and one Redis', servers: {} },
  { name: 'three NATS and a Redis Cluster', servers: { nats: 3, redis: 'cluster' } },
] as const)('a rolling restart under load, $name:', { retry: 0 }, ({ servers }) => {
  beforeAll(async () => {
    // The gateway looks every half second and believes the second look.
    cluster = await liveCluster({
      ...servers,
      auth: 2,
      chat: 2,
      settings: { DRAIN_DELAY: '2s', RECONNECT_GRACE_MS: '15000' },
    });
    stage = new Stage(everybodyThrough(cluster));
  }, 120_000);

  afterAll(async () => {
    await stage?.[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  }, 90_000);

  it('of every signaling node, then chat, then auth: no call is dropped, no message lost, everybody is back', async () => {
    const talks = await Promise.all(Array.from({ length: CALLS }, talk));
    const pairs = await Promise.all(
      Array.from({ length: WRITERS }, async () => {
        const [from, to] = await Promise.all([
          register(stage.topology, 'writer'),
          register(stage.topology, 'reader'),
        ]);
        const [a, b] = [await stage.native(from), await stage.native(to)];
        const ids = [Number(from.id), Number(to.id)].sort((x, y) => x - y);
        return { writer: new Writer(a, to), a, b, conversationId: `d:${ids[0]}:${ids[1]}` };
      }),
    );
    const raw = await rawClient();
    for (const { writer } of pairs) writer.start();
    const written = () => pairs.reduce((sum, { writer }) => sum + writer.acked.size, 0);
    await until('messages are acknowledged', () => written() > 50, 20_000);

    const { signaling, chat, auth } = cluster.processes;
    for (const node of [...signaling, ...chat, ...auth]) {
      const before = written();
      expect([node.name, await node.stop()]).toEqual([node.name, 0]);
      await node.restart();
      await until('messages are acknowledged again', () => written() > before + 20, 20_000);
    }
    await Promise.all(pairs.map(({ writer }) => writer.stop()));

    expect((await raw.closed()).code).toBe(1012);
    const sockets = [
      ...talks.flatMap(({ caller, callee }) => [caller, callee]),
      ...pairs.flatMap(({ a, b }) => [a, b]),
    ];
    await until('every client is back', () => sockets.every(({ socket }) => socket.connected), 15_000);
    // Each was moved by being told first.
    expect(sockets.filter(({ log }) => log.count('server.drain') === 0)).toEqual([]);
    for (const { caller, callee } of talks) {
      expect([caller.log.count('call.ended'), callee.log.count('call.ended')]).toEqual([0, 0]);
      await passSignal(caller, callee);
      await passSignal(callee, caller);
    }
    for (const { writer, b, conversationId } of pairs) {
      const all = await stored(b, conversationId);
      const byClientId = new Map(all.map((message) => [message.clientMessageId, message]));
      expect([...writer.acked].filter(([id, { id: acked }]) => byClientId.get(id)?.id !== acked)).toEqual([]);
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => at + 1));
      expect(byClientId.size).toBe(all.length);
      // Nothing but "come again" and silence was ever said.
      const odd = [...writer.refusals.keys()].filter(
        (code) => !['SERVICE_UNAVAILABLE', 'no answer'].includes(code),
      );
      expect(odd).toEqual([]);
    }
  }, 240_000);
});

/** A returned device takes its seat a moment after it is connected: signals are sent until one arrives. */
async function passSignal(from: SocketClient, to: SocketClient): Promise<void> {
  const marker = randomUUID();
  const candidate = { candidate: `candidate:${marker}`, sdpMid: '0' };
  await until(
    'a signal passes',
    async () => {
      await from.ask('call.signal', { signal: { kind: 'candidate', payload: candidate } });
      return to.log.count('call.signal', ({ signal }) => JSON.stringify(signal).includes(marker)) > 0;
    },
    15_000,
  );
}

/** A raw WebSocket, in a room of its own. */
async function rawClient() {
  const person = await register(stage.topology, 'channels');
  const made = await http('POST', `${stage.topology.url(0)}/api/v1/rooms`, {
    token: person.token,
    body: { name: `room ${randomUUID()}`, kind: 'chat' },
  });
  expect(made.status).toBe(201);
  return stage.channels(person, made.body.room.id);
}
