import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answers, freePort, startChild, withFreePorts } from '@switchboard/processes';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEARTBEAT } from '../../services/call-signaling/src/edge/socket-server.ts';
import { until } from '../harness/event-log.ts';
import { RequestLog } from '../harness/gateway-client.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import type { Topology } from '../harness/topology.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

// The one way in, by every transport: a session of polling is many requests, and all of them must reach the node that has it.

const CONFIG = fileURLToPath(new URL('../../deploy/gateway/haproxy.cfg', import.meta.url));
const NODES = ['node1', 'node2'];
const PAIRS = 3;
const PATIENT_MS = 30_000;
const HASTY_MS = 500;
/** As behind the router of an office: one address for all. */
const OFFICE = '127.0.0.7';
const offer = { type: 'offer', sdp: `v=0 ${'x'.repeat(20_000)}` };
const answer = { type: 'answer', sdp: `v=0 ${'y'.repeat(20_000)}` };

interface Visitor extends Disposable {
  readonly person: Person;
  readonly client: SocketClient;
  readonly requests: RequestLog;
  readonly disconnects: string[];
}

/** Nobody chooses a node: the gateway does. */
const through = (url: string): Topology => ({
  name: 'gateway',
  url: () => url,
  crash: () => Promise.reject(new Error('not of this topology')),
  [Symbol.asyncDispose]: () => Promise.resolve(),
});

async function visit(stage: Stage, transports: readonly string[], cookies: boolean): Promise<Visitor> {
  const person = await register(stage.topology, 'visitor');
  const requests = new RequestLog(OFFICE);
  const client = await stage.native(person, 0, requests.options(transports, cookies));
  const disconnects: string[] = [];
  client.socket.on('disconnect', (reason) => disconnects.push(reason));
  return { person, client, requests, disconnects, [Symbol.dispose]: () => requests[Symbol.dispose]() };
}

async function visitors(stage: Stage, count: number, transports: readonly string[], cookies: boolean) {
  const all: Visitor[] = [];
  while (all.length < count) all.push(await visit(stage, transports, cookies));
  return all;
}

/** A node that is up again is sent nobody until the gateway has looked. */
async function allLetIn(url: string): Promise<void> {
  const seen = new Set<string>();
  const tried = async () => {
    const reply = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    await reply.arrayBuffer();
    const node = /sb_node=([^;]+)/.exec(String(reply.headers.get('set-cookie')))?.[1];
    if (reply.status === 200 && node) seen.add(node);
    return NODES.every((each) => seen.has(each));
  };
  await until('every node lets people in', tried, PATIENT_MS);
}

const upgraded = ({ client }: Visitor) => client.socket.io.engine.transport.name === 'websocket';
const on = (node: string) => (visitor: Visitor) => visitor.requests.node() === node;

async function talk(from: Visitor, to: Visitor): Promise<void> {
  const content = randomUUID();
  expect(await from.client.ask('chat.send', { to: { userId: to.person.id }, content })).toMatchObject({
    ok: true,
  });
  await to.client.log.next('message.created', (event) => JSON.stringify(event).includes(content), PATIENT_MS);
}

async function call(from: Visitor, to: Visitor): Promise<void> {
  const placed = await from.client.ask('call.place', { to: { userId: to.person.id }, kind: 'video', offer });
  expect(placed).toMatchObject({ ok: true });
  await to.client.log.next('call.incoming', undefined, PATIENT_MS);
  expect(await to.client.ask('call.answer', { answer })).toMatchObject({ ok: true });
  await from.client.log.next('call.answered', undefined, PATIENT_MS);
  for (const [one, other] of [
    [from, to],
    [to, from],
  ] as const) {
    for (let n = 0; n < 20; n += 1) {
      const payload = { candidate: `candidate:${n}`, sdpMid: '0' };
      one.client.send('call.signal', { signal: { kind: 'candidate', payload } });
    }
    for (let n = 0; n < 20; n += 1) {
      const { signal } = await other.client.log.next('call.signal', undefined, PATIENT_MS);
      expect(signal).toMatchObject({ payload: { candidate: `candidate:${n}` } });
    }
  }
  expect(await to.client.ask('call.end', {})).toMatchObject({ ok: true });
  await from.client.log.next('call.ended', undefined, PATIENT_MS);
}

const missing = Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS);

describe.skipIf(missing)('through the gateway', () => {
  let cluster: LiveCluster;
  let topology: Topology;
  beforeAll(async () => {
    cluster = await liveCluster({
      signaling: 2,
      settings: { RECONNECT_GRACE_MS: '15000', DRAIN_DELAY: '2s' },
    });
    topology = through(cluster.gateway);
  }, 120_000);
  afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

  describe.each([
    { name: 'polling alone', transports: ['polling'], cookies: true },
    { name: 'polling alone, without cookies', transports: ['polling'], cookies: false },
    { name: 'polling, then WebSocket', transports: ['polling', 'websocket'], cookies: true },
    {
      name: 'polling, then WebSocket, without cookies',
      transports: ['polling', 'websocket'],
      cookies: false,
    },
  ])('$name:', ({ transports, cookies }) => {
    it('people of one address are spread over the nodes, and each stays on one', async () => {
      await using stage = new Stage(topology);
      const all = await visitors(stage, 2 * PAIRS, transports, cookies);
      if (transports.includes('websocket'))
        await until('all moved up', () => all.every(upgraded), PATIENT_MS);
      for (const node of NODES) expect(all.filter(on(node)).length).toBeGreaterThan(1);

      const [here, there] = NODES.map((node) => all.filter(on(node)));
      const pairs = (here ?? []).flatMap((one, at) => {
        const other = there?.[at];
        return other ? [[one, other] as const] : [];
      });
      for (const [one, other] of pairs) {
        await talk(one, other);
        await talk(other, one);
      }
      await Promise.all(pairs.map(([one, other]) => call(one, other)));

      for (const { requests, disconnects, client } of all) {
        expect(disconnects).toEqual([]);
        const { id } = client.socket.io.engine as { id?: string };
        const later = requests.all.filter(({ sid }) => sid !== null);
        expect(later.length).toBeGreaterThan(transports.length);
        // One session of polling from the first request to the last, and none of them went astray.
        expect(new Set(later.map(({ sid }) => sid))).toEqual(new Set([id]));
        expect(later.filter(({ status }) => ![0, 200].includes(status))).toEqual([]);
        const shown = new Set(later.map(({ cookie }) => cookie));
        expect(shown).toEqual(new Set([cookies ? requests.node() : undefined]));
        expect(later.filter(({ named }) => named !== undefined)).toEqual([]);
      }
      for (const visitor of all) visitor[Symbol.dispose]();
    }, 120_000);
  });

  it('WebSockets of one address are spread over the nodes', async () => {
    await using stage = new Stage(topology);
    const all = await visitors(stage, 2 * PAIRS, ['websocket'], true);
    expect(all.every(upgraded)).toBe(true);
    const [node] = cluster.processes.signaling;
    await node?.signal('SIGKILL');
    try {
      const cut = () => all.filter(({ disconnects }) => disconnects.length > 0).length;
      await until('those of one node are cut off', () => cut() > 0, PATIENT_MS);
      await until('all are back', () => all.every(({ client }) => client.socket.connected), PATIENT_MS);
      expect([PAIRS - 1, PAIRS, PAIRS + 1]).toContain(cut());
    } finally {
      await node?.restart();
      await allLetIn(topology.url(0));
    }
    for (const visitor of all) visitor[Symbol.dispose]();
  }, 120_000);

  it('WebSockets of a frozen node are cut long before they miss a ping, and come back on the other', async () => {
    await using stage = new Stage(topology);
    const all = await visitors(stage, 2 * PAIRS, ['websocket'], true);
    const [node] = cluster.processes.signaling;
    const frozenAt = performance.now();
    await node?.signal('SIGSTOP');
    try {
      const cut = () => all.filter(({ disconnects }) => disconnects.length > 0);
      await until('those of one node are cut off', () => cut().length > 0, PATIENT_MS);
      await until('all are back', () => all.every(({ client }) => client.socket.connected), PATIENT_MS);
      expect(performance.now() - frozenAt).toBeLessThan(HEARTBEAT.pingIntervalMs / 2);
      expect([PAIRS - 1, PAIRS, PAIRS + 1]).toContain(cut().length);
    } finally {
      await node?.signal('SIGCONT');
      await allLetIn(topology.url(0));
    }
    for (const visitor of all) visitor[Symbol.dispose]();
  }, 120_000);

  it('WebSockets stay while no node is ready, and nobody new is let in', async () => {
    await using stage = new Stage(topology);
    const all = await visitors(stage, PAIRS, ['websocket'], true);
    const [redis] = cluster.processes.redis;
    await redis?.signal('SIGSTOP');
    try {
      const handshake = async () =>
        (await fetch(`${topology.url(0)}/socket.io/?EIO=4&transport=polling`)).status === 503;
      await until('nobody is let in', handshake, PATIENT_MS);
    } finally {
      await redis?.signal('SIGCONT');
      await allLetIn(topology.url(0));
    }
    expect(all.flatMap(({ disconnects }) => disconnects)).toEqual([]);
    for (const visitor of all) visitor[Symbol.dispose]();
  }, 120_000);

  it.each([true, false])(
    'polling, cookies: %s: who was on a killed node comes back on the other',
    async (cookies) => {
      await using stage = new Stage(topology);
      const all = await visitors(stage, 2 * PAIRS, ['polling'], cookies);
      const [cut, stayed] = NODES.map((node) => all.filter(on(node)));
      expect(Math.min(cut?.length ?? 0, stayed?.length ?? 0)).toBeGreaterThan(0);
      const [node] = cluster.processes.signaling;
      await node?.signal('SIGKILL');
      try {
        const back = ({ disconnects, client }: Visitor) => disconnects.length > 0 && client.socket.connected;
        await until('those of it are back', () => cut?.every(back), PATIENT_MS);
        for (const visitor of all) expect(visitor.requests.node()).toBe('node2');
        const [one, other] = [cut?.[0], stayed?.[0]];
        if (!one || !other) throw new Error('nobody');
        await talk(one, other);
        await talk(other, one);
        await call(one, other);
        expect(stayed?.flatMap(({ disconnects }) => disconnects)).toEqual([]);
      } finally {
        await node?.restart();
        await allLetIn(topology.url(0));
      }
      for (const visitor of all) visitor[Symbol.dispose]();
    },
    120_000,
  );

  it.each([true, false])(
    'polling, cookies: %s: who is on a node that stops is served until it is told to move, and moves',
    async (cookies) => {
      await using stage = new Stage(topology);
      const all = await visitors(stage, 2 * PAIRS, ['polling'], cookies);
      const [moved, stayed] = NODES.map((node) => all.filter(on(node)));
      expect(Math.min(moved?.length ?? 0, stayed?.length ?? 0)).toBeGreaterThan(0);
      const [one, other] = [moved?.[0], stayed?.[0]];
      if (!one || !other) throw new Error('nobody');
      const [node] = cluster.processes.signaling;
      const stopped = node?.stop();
      try {
        // The gateway takes it for gone by then, and still leads to it whoever is there.
        while (one.client.log.count('server.drain') === 0 && one.disconnects.length === 0) {
          await talk(other, one);
        }
        const back = ({ disconnects, client }: Visitor) => disconnects.length > 0 && client.socket.connected;
        await until('those of it are back', () => moved?.every(back), PATIENT_MS);
        expect(await stopped).toBe(0);
        for (const { client, requests } of moved ?? []) {
          expect(client.log.count('server.drain')).toBe(1);
          expect(requests.node()).toBe('node2');
          expect(requests.all.filter(({ status }) => ![0, 200].includes(status))).toEqual([]);
        }
        await talk(other, one);
        await call(one, other);
        expect(stayed?.flatMap(({ disconnects }) => disconnects)).toEqual([]);
      } finally {
        await stopped;
        await node?.restart();
        await allLetIn(topology.url(0));
      }
      for (const visitor of all) visitor[Symbol.dispose]();
    },
    120_000,
  );

  it('a WebSocket may be quiet for longer than HTTP may, and an HTTP timeout is longer than a poll', async () => {
    const config = await readFile(CONFIG, 'utf8');
    const seconds = (name: string) => {
      const [, count, unit = ''] = new RegExp(`^ *timeout ${name} (\\d+)([smh])$`, 'm').exec(config) ?? [];
      return Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN);
    };
    // A poll is answered by a ping at the latest.
    const pingSeconds = HEARTBEAT.pingIntervalMs / 1000;
    for (const name of ['client', 'server']) expect(seconds(name)).toBeGreaterThan(2 * pingSeconds);
    expect(seconds('tunnel')).toBeGreaterThan(10 * pingSeconds);

    // The same with so short a time for HTTP that a quiet socket outlives it.
    const hasty = join(cluster.dataDir, 'hasty.cfg');
    await writeFile(hasty, config.replaceAll(/timeout (client|server) \d+s/g, `timeout $1 ${HASTY_MS}ms`));
    const backends = join(cluster.dataDir, 'gateway.backends.cfg');
    const [gateway, url] = await withFreePorts(async () => {
      const [port, adminPort] = [await freePort(), await freePort()];
      const child = await startChild({
        name: 'hasty gateway',
        command: 'haproxy',
        args: ['-db', '-f', hasty, '-f', backends],
        env: { GATEWAY_BIND: `127.0.0.1:${port}`, GATEWAY_ADMIN: `127.0.0.1:${adminPort}` },
        ready: () => answers(`http://127.0.0.1:${port}/livez`),
      });
      return [child, `http://127.0.0.1:${port}`] as const;
    });
    try {
      await using stage = new Stage(through(url));
      // Whoever polls there is cut off again and again: so the time is short indeed.
      const polling = await stage.native(await register(topology, 'poller'), 0, { transports: ['polling'] });
      const cut: string[] = [];
      polling.socket.on('disconnect', (reason) => cut.push(reason));
      await until('polls have run into the time limit', () => cut.length >= 3, PATIENT_MS);
      polling.close();
      const quiet = await stage.native(await register(topology, 'reader'));
      const closed: string[] = [];
      quiet.socket.on('disconnect', (reason) => closed.push(reason));
      let heardAt = performance.now();
      quiet.socket.io.engine.on('packet', () => {
        heardAt = performance.now();
      });
      const quietFor = () => closed.length > 0 || performance.now() - heardAt > 4 * HASTY_MS;
      await until('nothing was said for a while', quietFor, PATIENT_MS);
      expect(closed).toEqual([]);
      expect(await quiet.ask('presence.list', {})).toMatchObject({ ok: true });
    } finally {
      await gateway.stop();
    }
  }, 60_000);
});
