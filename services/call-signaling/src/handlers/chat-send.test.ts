import { randomUUID } from 'node:crypto';
import { LIMITS, SEND_BATCH, SwitchboardError, unavailable } from '@switchboard/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { openRaw } from '../testing/raw-client.ts';
import type { Answer, TestClient } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

const start = async (env: Record<string, string> = {}): Promise<TestNode> => {
  node = await startTestNode({ mongo, env: { SOCKET_EVENT_RATE: 'off', ...env } });
  return node;
};
const native = { auth: { dialect: 'native' } };
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

interface Sent extends Answer {
  readonly message: { readonly id: string; readonly seq: number; readonly content: string };
  readonly duplicate: boolean;
}
const send = (client: TestClient, to: object, content: string, clientMessageId?: string): Promise<Sent> =>
  client.ask('chat.send', { to, content, clientMessageId }) as Promise<Sent>;
const stored = (conversationId: string) =>
  node.chat.messages.filter((each) => each.conversationId === conversationId).map(({ content }) => content);

/** Holds what has this text back until released. */
function hold(text: string): { readonly reached: Promise<void>; readonly release: () => void } {
  let release = () => {};
  let reach = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const before = node.chat.beforeSend;
  node.chat.beforeSend = async (content) => {
    await before(content);
    if (content !== text) return;
    reach();
    await held;
  };
  return { reached, release };
}

describe('what one socket sends to one conversation without waiting', () => {
  it('is stored in its order, in requests of bounded size, each acknowledged by its own message', async () => {
    const { accounts, client, chat } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice, native);
    const { reached, release } = hold('0');
    const labels = range(200).map(String);
    const order: string[] = [];
    const answers = labels.map(async (label) => {
      const answer = await send(mine, { userId: bob.id }, label);
      order.push(label);
      return answer;
    });
    await reached;
    await mine.settled();
    release();
    expect((await Promise.all(answers)).map(({ message }) => [message.content, message.seq])).toEqual(
      labels.map((label, n) => [label, n + 1]),
    );
    expect(order).toEqual(labels);
    expect(stored(`d:${alice.id}:${bob.id}`)).toEqual(labels);
    expect(chat.requests).toEqual([1, 64, 64, 64, 7]);
  });

  it('travels in requests that stay well below what a broker takes', async () => {
    const { accounts, client, chat } = await start();
    const bob = accounts.user();
    const mine = await client(accounts.user(), native);
    const { reached, release } = hold('held');
    const big = 'x'.repeat(LIMITS.textBytes - 2);
    const answers = ['held', ...range(64).map(() => big)].map((text) => send(mine, { userId: bob.id }, text));
    await reached;
    await mine.settled();
    release();
    expect((await Promise.all(answers)).every(({ ok }) => ok)).toBe(true);
    const most = Math.max(...chat.requests);
    expect(most).toBeGreaterThan(20);
    expect(most * LIMITS.textBytes).toBeLessThanOrEqual(SEND_BATCH.bytes);
  });

  it('holds up no other conversation, and no other socket of the user', async () => {
    const { accounts, client } = await start();
    const [alice, bob, carol] = [accounts.user(), accounts.user(), accounts.user()];
    const [mine, other] = [await client(alice, native), await client(alice, native)];
    const { reached, release } = hold('held');
    const held = ['held', 'behind'].map((text) => send(mine, { userId: bob.id }, text));
    await reached;
    expect(await send(mine, { userId: carol.id }, 'aside')).toMatchObject({ ok: true });
    expect(await send(other, { userId: bob.id }, 'from the other')).toMatchObject({ ok: true });
    release();
    await Promise.all(held);
    expect(stored(`d:${alice.id}:${bob.id}`)).toEqual(['from the other', 'held', 'behind']);
  });

  it('has one refused without harm to the others', async () => {
    const { accounts, client, chat } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice, native);
    chat.beforeSend = async (content) => {
      if (content === 'limited') {
        throw new SwitchboardError({ code: 'RATE_LIMITED', message: 'Too many', retryAfterMs: 7 });
      }
    };
    const { reached, release } = hold('held');
    const id = randomUUID();
    const texts = ['held', 'a', ' ', 'limited', 'x'.repeat(LIMITS.textBytes), 'b'];
    const answers = texts.map((text) => send(mine, { userId: bob.id }, text));
    const twice = ['c', 'c again'].map((text) => send(mine, { userId: bob.id }, text, id));
    await reached;
    await mine.settled();
    release();
    expect((await Promise.all(answers)).map(({ error }) => error?.code)).toEqual([
      undefined,
      undefined,
      'INVALID_DATA',
      'RATE_LIMITED',
      'INVALID_DATA',
      undefined,
    ]);
    const [first, again] = await Promise.all(twice);
    expect(again).toMatchObject({ duplicate: true, message: first?.message });
    expect(stored(`d:${alice.id}:${bob.id}`)).toEqual(['held', 'a', 'b', 'c']);
  });

  it('is unknown together when its answer is lost; what comes behind is stored behind, and repeats find it', async () => {
    const { accounts, client, chat } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice, native);
    const to = { userId: bob.id };
    const { reached, release } = hold('held');
    const labels = ['held', 'a', 'b', 'c'];
    const answers = labels.map((label) => send(mine, to, label, label));
    await reached;
    await mine.settled();
    let losses = 1;
    chat.afterSend = async () => {
      // The held one is told; the batch behind it is not.
      losses -= 1;
      if (losses < 0 && losses >= -1) throw unavailable('chat');
    };
    release();
    const [held, ...unknown] = await Promise.all(answers);
    expect(held).toMatchObject({ ok: true });
    for (const answer of unknown) expect(answer).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } });
    const next = await send(mine, to, 'next', 'next');
    expect(next.message.seq).toBe(5);
    const again = await Promise.all(labels.map((label) => send(mine, to, label, label)));
    expect(again.map(({ duplicate, message }) => [duplicate, message.seq])).toEqual(
      labels.map((_, n) => [true, n + 1]),
    );
    expect(stored(`d:${alice.id}:${bob.id}`)).toEqual([...labels, 'next']);
  });

  it('is given up when no answer comes in time, and what waited behind goes on', async () => {
    const { accounts, client } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice, native);
    const slow = (content: string) =>
      mine.socket.timeout(15_000).emitWithAck('chat.send', { to: { userId: bob.id }, content });
    const { reached, release } = hold('stuck');
    const answers = ['stuck', 'a', 'b'].map(slow);
    await reached;
    expect(await answers[0]).toMatchObject({ ok: false, error: { code: 'SERVICE_UNAVAILABLE' } });
    for (const answer of await Promise.all(answers.slice(1))) expect(answer).toMatchObject({ ok: true });
    expect(stored(`d:${alice.id}:${bob.id}`)).toEqual(['a', 'b']);
    release();
  });

  it('is bounded, and leaves nothing behind', async () => {
    const { accounts, client } = await start({ SOCKET_PENDING_MAX: '10' });
    const bob = accounts.user();
    const mine = await client(accounts.user(), native);
    const { reached, release } = hold('0');
    const answers = range(15).map((n) => send(mine, { userId: bob.id }, String(n)));
    await reached;
    for (const answer of await Promise.all(answers.slice(10))) {
      expect(answer).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    }
    release();
    expect((await Promise.all(answers.slice(0, 10))).every(({ ok }) => ok)).toBe(true);
    expect(await send(mine, { userId: bob.id }, 'more')).toMatchObject({ ok: true });
  });

  it('is stored also when the socket goes in the meantime', async () => {
    const { accounts, client } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice, native);
    const { reached, release } = hold('held');
    for (const content of ['held', 'a', 'b']) {
      mine.socket.emit('chat.send', { to: { userId: bob.id }, content });
    }
    await reached;
    await mine.settled();
    mine.socket.disconnect();
    release();
    await eventually(() => stored(`d:${alice.id}:${bob.id}`).join() === 'held,a,b');
  });
});

describe('in a room', () => {
  it('asks once whether the socket takes part, for all that go together', async () => {
    const { accounts, client, chat } = await start();
    const room = chat.room();
    const [mine, outside] = [await client(accounts.user(), native), await client(accounts.user(), native)];
    const to = { roomId: room.id };
    const joined = mine.ask('room.join', to);
    const answers = range(50).map((n) => send(mine, to, String(n)));
    const refused = range(50).map((n) => send(outside, to, String(n)));
    expect(await joined).toMatchObject({ ok: true });
    expect((await Promise.all(answers)).map(({ message }) => message.content)).toEqual(range(50).map(String));
    for (const answer of await Promise.all(refused)) {
      expect(answer).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    }
    expect(stored(`r:${room.id}`)).toEqual(range(50).map(String));
    expect(chat.requests.length).toBeLessThan(50);
  });

  it('keeps the order of a raw socket, which waits for nothing', async () => {
    const { accounts, chat, url } = await start();
    const alice = accounts.user();
    const room = chat.room();
    const { reached, release } = hold('0');
    const raw = await openRaw(url, `/ws/chat/${room.id}/`, {
      headers: { Authorization: `Bearer ${alice.token()}` },
    });
    for (const n of range(100)) raw.say({ content: String(n) });
    await reached;
    release();
    await eventually(() => stored(`r:${room.id}`).length === 100);
    expect(stored(`r:${room.id}`)).toEqual(range(100).map(String));
    expect(chat.requests.length).toBeLessThan(100);
    raw.ws.terminate();
  });
});

it.each(range(4))(
  'keeps the order of every socket in every conversation through refusals, lost answers and pauses (seed %i)',
  async (seed) => {
    const random = seeded(seed + 1);
    const { accounts, client, chat } = await start();
    const [alice, bob, carol] = [accounts.user(), accounts.user(), accounts.user()];
    const room = chat.room();
    const turns = async (most: number) => {
      for (let left = Math.floor(random() * most); left > 0; left -= 1) await new Promise(setImmediate);
    };
    chat.beforeSend = async (content) => {
      await turns(3);
      if (content.endsWith('!')) throw new SwitchboardError({ code: 'INVALID_DATA', message: 'No' });
    };
    let faults = 40;
    chat.afterSend = async () => {
      await turns(20);
      if (random() > 0.2 || faults === 0) return;
      faults -= 1;
      throw unavailable('chat');
    };
    const targets = [{ userId: bob.id }, { userId: carol.id }, { roomId: room.id }];
    const sockets = await Promise.all(
      [alice, alice, bob].map(async (user) => {
        const socket = await client(user, native);
        await socket.ask('room.join', { roomId: room.id });
        return socket;
      }),
    );

    /** Tries again until it is known what became of it; the text tells which attempt was stored. */
    const deliver = async (socket: TestClient, to: object, label: string): Promise<Sent> => {
      for (let attempt = 0; ; attempt += 1) {
        const answer = await send(socket, to, `${label}#${attempt}${label.endsWith('!') ? '!' : ''}`, label);
        if (answer.ok || answer.error?.code !== 'SERVICE_UNAVAILABLE') return answer;
      }
    };
    const answers = await Promise.all(
      sockets.flatMap((socket, from) =>
        targets.map(async (to, where) => {
          const sent: Promise<readonly [string, Sent]>[] = [];
          for (const n of range(60)) {
            if (random() < 0.15) await turns(30);
            const label = `${from}/${where}/${n}${random() < 0.1 ? '!' : ''}`;
            sent.push(deliver(socket, to, label).then((answer) => [label, answer] as const));
          }
          return Promise.all(sent);
        }),
      ),
    );

    for (const [label, answer] of answers.flat()) {
      const kept = chat.messages.filter(({ clientMessageId }) => clientMessageId === label);
      if (label.endsWith('!')) {
        expect(answer).toMatchObject({ ok: false, error: { code: 'INVALID_DATA' } });
        expect(kept).toEqual([]);
      } else {
        expect(kept.map(({ id, seq }) => ({ id, seq }))).toEqual([
          { id: answer.message.id, seq: answer.message.seq },
        ]);
      }
    }
    for (const sent of answers) {
      // An attempt that follows a lost answer comes behind whatever was sent meanwhile; the stand-in stores before it loses, so there is none such here.
      const seqs = sent.filter(([, { ok }]) => ok).map(([, { message }]) => message);
      expect(seqs.every(({ content }) => content.endsWith('#0'))).toBe(true);
      const order = seqs.map(({ seq }) => seq);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    expect(Math.max(...chat.requests)).toBeGreaterThan(1);
  },
);

/** Repeatable pseudo-random numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
