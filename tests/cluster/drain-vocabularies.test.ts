import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { type Person, register, Stage } from '../harness/people.ts';
import type { RawClient } from '../harness/raw-client.ts';
import type { SocketClient } from '../harness/socket-client.ts';
import type { Topology } from '../harness/topology.ts';
import { type LiveCluster, liveCluster } from './live-cluster.ts';

const PATIENT_MS = 30_000;
const ACKED = 10;
const offer = { type: 'offer', sdp: 'v=0 offer' };
const answer = { type: 'answer', sdp: 'v=0 answer' };

/** One of two who are in a call or talk to one another. */
interface Side {
  readonly person: Person;
  readonly client: SocketClient;
  readonly other: Person;
}

/** What a client of one vocabulary does on a node that stops; `roomId` where the two meet. */
interface Vocabulary {
  readonly name: 'peer' | 'jitsi' | 'expo' | 'rooms';
  /** What the app says whenever it is connected. */
  readonly greet?: (side: Side, roomId: string) => Promise<unknown>;
  readonly call: (from: Side, to: Side) => Promise<void>;
  /** Sends something of the call to the other; absent where the vocabulary has no such thing. */
  readonly signal?: { readonly event: string; readonly send: (from: Side, marker: string) => void };
  readonly hangUp: (by: Side) => void;
  readonly ended: string;
  readonly chat?: {
    readonly event: string;
    readonly say: (by: Side, content: string, roomId: string) => Promise<Record<string, unknown>>;
    readonly conversation: (by: Side, roomId: string) => string;
  };
}

const direct = ({ person, other }: Side): string =>
  `d:${[Number(person.id), Number(other.id)].sort((one, two) => one - two).join(':')}`;

const candidate = (marker: string) => ({ candidate: `candidate:${marker}`, sdpMid: '0' });

const VOCABULARIES: readonly Vocabulary[] = [
  {
    name: 'peer',
    async call({ client: a, other }, { client: b, other: caller }) {
      a.send('callUser', { targetUserId: other.id, signalData: offer });
      await b.log.next('incomingCall', undefined, PATIENT_MS);
      b.send('answerCall', { targetUserId: caller.id, signalData: answer });
      await a.log.next('callAccepted', undefined, PATIENT_MS);
    },
    signal: {
      event: 'iceCandidate',
      send: ({ client, other }, marker) =>
        client.send('iceCandidate', { targetUserId: other.id, candidate: candidate(marker) }),
    },
    hangUp: ({ client, other }) => client.send('endCall', { targetUserId: other.id }),
    ended: 'callEnded',
  },
  {
    name: 'jitsi',
    // Its document has it join after each connection; the harness does the first.
    greet: ({ client, person }) => client.ask('join', { userId: person.id, token: person.token }),
    async call({ client: a, other }, { client: b, other: caller }) {
      a.send('call:initiate', { to: other.id, callType: 'video' });
      const { id } = await b.log.next('call:incoming', undefined, PATIENT_MS);
      b.send('call:respond', { callId: id, response: 'accept', to: caller.id });
      await a.log.next('call:accepted', undefined, PATIENT_MS);
    },
    hangUp: ({ client, other }) => client.send('call:end', { to: other.id }),
    ended: 'call:ended',
    chat: {
      event: 'message',
      say: ({ client, other }, content) => client.ask('message', { to: other.id, content }),
      conversation: direct,
    },
  },
  {
    name: 'expo',
    async call({ client: a, other }, { client: b }) {
      await a.ask('CALL_REQUEST', { to: other.id, type: 'video', offer });
      const { callId } = await b.log.next('CALL_REQUEST', undefined, PATIENT_MS);
      b.send('CALL_ACCEPT', { callId, answer });
      await a.log.next('CALL_ACCEPT', undefined, PATIENT_MS);
    },
    signal: {
      event: 'ICE_CANDIDATE',
      send: ({ client, other }, marker) =>
        client.send('ICE_CANDIDATE', { to: other.id, candidate: candidate(marker) }),
    },
    hangUp: ({ client, other }) => client.send('CALL_ENDED', { to: other.id }),
    ended: 'CALL_ENDED',
    chat: {
      event: 'CHAT_MESSAGE',
      say: ({ client, other }, content) => client.ask('CHAT_MESSAGE', { to: other.id, content }),
      conversation: direct,
    },
  },
  {
    name: 'rooms',
    greet: ({ client }, roomId) => client.ask('join-room', roomId),
    async call({ client: a, other }, { client: b, other: caller }) {
      await a.ask('initiate-call', { to: other.id, callType: 'video' });
      await b.log.next('incoming-call', undefined, PATIENT_MS);
      await b.ask('accept-call', { callerId: caller.id });
      await a.log.next('call-accepted', undefined, PATIENT_MS);
    },
    signal: {
      event: 'webrtc-ice-candidate',
      send: ({ client, other }, marker) =>
        client.send('webrtc-ice-candidate', { to: other.id, candidate: candidate(marker) }),
    },
    hangUp: ({ client }) => client.send('end-call', {}),
    ended: 'call-ended',
    chat: {
      event: 'new-message',
      say: ({ client }, content, roomId) => client.ask('send-message', { roomId, content }),
      conversation: (_by, roomId) => `r:${roomId}`,
    },
  },
];

let cluster: LiveCluster;
let gateway: Topology;

beforeAll(async () => {
  if (process.env.SWITCHBOARD_MISSING_PROGRAMS) return;
  // The gateway looks every half second and believes the second look.
  cluster = await liveCluster({
    settings: { DRAIN_DELAY: '2s', RECONNECT_GRACE_MS: '20000', RING_TIMEOUT_MS: '20000' },
  });
  gateway = { ...cluster, url: () => cluster.gateway };
}, 120_000);
afterAll(() => cluster?.[Symbol.asyncDispose](), 60_000);

/** Everything said, each until it is acknowledged; what was not may have been stored all the same. */
class Talker {
  readonly acked: string[] = [];
  #talking = true;
  readonly #done: Promise<void>;

  constructor(say: (content: string) => Promise<Record<string, unknown>>) {
    this.#done = (async () => {
      while (this.#talking) {
        const content = randomUUID();
        const reply = await say(content).catch(() => ({ ok: false }));
        if (reply.ok === true) this.acked.push(content);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#talking = false;
    await this.#done;
  }
}

const heard = ({ client }: Side, event: string): string =>
  JSON.stringify(client.log.all.filter((received) => received.event === event));

/** All that is stored, page by page. */
async function stored({ person }: { readonly person: Person }, conversationId: string): Promise<string> {
  await using stage = new Stage(gateway);
  const reader = await stage.native(person);
  const contents: string[] = [];
  let after = 0;
  for (let more = true; more; ) {
    const page = await reader.ask('chat.sync', { conversationId, after, limit: 200 });
    expect(page).toMatchObject({ ok: true });
    const messages = page.messages as readonly { readonly seq: number; readonly content: string }[];
    for (const { seq, content } of messages) {
      // No gap: what one has is known by the last.
      expect(seq).toBe(after + 1);
      after = seq;
      contents.push(content);
    }
    more = page.more === true;
  }
  expect(new Set(contents).size).toBe(contents.length);
  return contents.join(' ');
}

async function newRoom(creator: Person): Promise<string> {
  const made = await http('POST', `${cluster.gateway}/api/rooms`, {
    token: creator.token,
    body: { name: `Room ${randomUUID()}`, description: 'To meet' },
  });
  expect(made.status).toBe(201);
  return String(made.body.id);
}

/** A client of channels that comes back by itself, as its page would have it. */
class RawReturner {
  readonly codes: number[] = [];
  readonly clients: RawClient[] = [];
  readonly #open: () => Promise<RawClient>;
  #leaving = false;

  constructor(open: () => Promise<RawClient>) {
    this.#open = open;
  }

  async enter(): Promise<void> {
    await until('the room is open', async () => {
      const client = await this.#open().catch(() => undefined);
      if (client) this.clients.push(client);
      return client !== undefined;
    });
    const client = this.clients.at(-1);
    client?.ws.once('close', (code: number) => {
      this.codes.push(code);
      if (!this.#leaving) void this.enter();
    });
  }

  get present(): boolean {
    return this.clients.at(-1)?.ws.readyState === 1;
  }

  say(content: string): void {
    const client = this.clients.at(-1);
    if (client && this.present) client.say({ content });
  }

  leave(): void {
    this.#leaving = true;
  }
}

describe.skipIf(Boolean(process.env.SWITCHBOARD_MISSING_PROGRAMS))('a node that stops', () => {
  it('moves a client of each vocabulary: its call lives, and nothing it said or was to hear is lost', async () => {
    const [first, second] = cluster.processes.signaling;
    if (!first || !second) throw new Error('a cluster of two');
    await using movers = new Stage(gateway);
    await using partners = new Stage(cluster);
    const people = await Promise.all(
      [...VOCABULARIES, { name: 'channels' }].map(async ({ name }) =>
        Promise.all([register(gateway, `${name}-mover`), register(gateway, `${name}-partner`)] as const),
      ),
    );
    // Whoever comes while there is one node is on it.
    await second.stop();
    const placed = await Promise.all(
      VOCABULARIES.map(async (vocabulary, at) => {
        const [person, other] = people[at] ?? [];
        if (!person || !other) throw new Error('nobody');
        const roomId = await newRoom(person);
        const mover: Side = { person, other, client: await movers[vocabulary.name](person) };
        const disconnects: string[] = [];
        mover.client.socket.on('disconnect', (reason) => disconnects.push(reason));
        mover.client.socket.on('connect', () => {
          vocabulary.greet?.(mover, roomId).catch(() => {});
        });
        if (vocabulary.name === 'rooms') await vocabulary.greet?.(mover, roomId);
        return { vocabulary, roomId, mover, disconnects };
      }),
    );
    const [rawPerson, rawOther] = people.at(-1) ?? [];
    if (!rawPerson || !rawOther) throw new Error('nobody');
    const rawRoom = await newRoom(rawPerson);
    const raw = new RawReturner(() => movers.channels(rawPerson, rawRoom));
    await raw.enter();
    await second.restart();
    await until('the second node is let in', async () => {
      const reply = await fetch(`${cluster.url(1)}/socket.io/?EIO=4&transport=polling`);
      await reply.arrayBuffer();
      return reply.status === 200;
    });
    const rawPartner = await partners.channels(rawOther, rawRoom, 1);
    const scenes = await Promise.all(
      placed.map(async ({ mover, vocabulary, roomId, ...rest }) => {
        const partner: Side = {
          person: mover.other,
          other: mover.person,
          client: await partners[vocabulary.name](mover.other, 1),
        };
        if (vocabulary.name === 'rooms') await vocabulary.greet?.(partner, roomId);
        await vocabulary.call(mover, partner);
        return { ...rest, mover, partner, vocabulary, roomId };
      }),
    );

    const talks = scenes.flatMap(({ vocabulary: { chat }, mover, partner, roomId }) => {
      if (!chat) return [];
      const talker = (by: Side) => new Talker((content) => chat.say(by, content, roomId));
      return [{ chat, mover, partner, roomId, out: talker(mover), back: talker(partner) }];
    });
    const rawSaid: string[] = [];
    const rawTimer = setInterval(() => {
      rawSaid.push(randomUUID());
      rawPartner.say({ content: rawSaid.at(-1) });
      raw.say(`from the mover ${randomUUID()}`);
    }, 20);
    const said = () => Math.min(...talks.flatMap(({ out, back }) => [out.acked.length, back.acked.length]));
    try {
      await until('all talk', () => said() >= ACKED, PATIENT_MS);
      expect(await first.stop()).toBe(0);
      const back = () =>
        scenes.every(({ disconnects, mover }) => disconnects[0] && mover.client.socket.connected);
      await until('every client is back', () => back() && raw.present && raw.clients.length > 1, PATIENT_MS);
      const before = said();
      await until('all talk again', () => said() >= before + ACKED, PATIENT_MS);
    } finally {
      clearInterval(rawTimer);
      await Promise.all(talks.flatMap(({ out, back }) => [out.stop(), back.stop()]));
    }

    // Each was told once, by what has the client library come back by itself.
    for (const { disconnects } of scenes) expect(disconnects).toEqual(['transport close']);
    expect(raw.codes).toEqual([1012]);
    for (const { chat, mover, partner, roomId, out, back } of talks) {
      const [mine, theirs] = await Promise.all(
        [mover, partner].map((side) => stored(side, chat.conversation(side, roomId))),
      );
      const all = [...out.acked, ...back.acked];
      expect(all.filter((content) => !mine?.includes(content))).toEqual([]);
      expect(all.filter((content) => !theirs?.includes(content))).toEqual([]);
      // Whoever did not move heard all of it as it came.
      const missed = () => out.acked.filter((content) => !heard(partner, chat.event).includes(content));
      await until('the other heard everything', () => missed().length === 0, PATIENT_MS);
    }
    await until(
      'the room has everything that was said in it',
      async () => {
        const all = await stored({ person: rawPerson }, `r:${rawRoom}`);
        return rawSaid.every((content) => all.includes(content));
      },
      PATIENT_MS,
    );
    rawPartner.say({ content: 'welcome back' });
    await raw.clients.at(-1)?.log.next('message', (frame) => JSON.stringify(frame).includes('welcome back'));
    raw.leave();

    for (const { vocabulary, mover, partner } of scenes) {
      const { signal, ended, hangUp } = vocabulary;
      expect([vocabulary.name, mover.client.log.count(ended), partner.client.log.count(ended)]).toEqual([
        vocabulary.name,
        0,
        0,
      ]);
      for (const [from, to] of signal
        ? ([
            [mover, partner],
            [partner, mover],
          ] as const)
        : []) {
        // A returned device takes its seat a moment after it is connected.
        const marker = randomUUID();
        const passed = () => {
          signal?.send(from, marker);
          return heard(to, signal?.event ?? '').includes(marker);
        };
        await until(`${vocabulary.name}: a signal passes`, passed, PATIENT_MS);
      }
      hangUp(mover);
      await partner.client.log.next(ended, undefined, PATIENT_MS);
    }
  }, 240_000);
});
