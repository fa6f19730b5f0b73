import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../testing/eventually.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode | undefined;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
afterEach(async () => {
  await node?.[Symbol.asyncDispose]();
});
const start = async (env: Record<string, string> = {}): Promise<TestNode> => {
  node = await startTestNode({ mongo, env });
  return node;
};
/** Holds back whatever is sent with this text until released; `reached` resolves when it is there. */
function holdBack(chat: TestNode['chat'], text: string): { reached: Promise<void>; release: () => void } {
  let release = () => {};
  let reach = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  chat.beforeSend = async (content) => {
    if (content !== text) return;
    reach();
    await held;
  };
  return { reached, release };
}

describe('an undeclared socket', () => {
  it('hears every vocabulary until it speaks one, and then that one alone', async () => {
    const { accounts, client, presence } = await start();
    const [alice, bob, carol] = [accounts.user(), accounts.user(), accounts.user()];
    const mine = await client(alice);
    for (const event of ['connected', 'session.connected', 'users', 'presence']) await mine.hears(event);
    await client(bob);
    await mine.hears('user:online', ({ userId }) => userId === bob.id);
    await mine.hears('users', (list) => (list as unknown as unknown[]).length === 2);
    expect(await presence.devicesOf(alice.id, Date.now())).toMatchObject([{ dialect: null }]);

    // Refused, and yet a word of peer.
    expect(await mine.ask('callUser', {})).toMatchObject({ error: { code: 'INVALID_DATA' } });
    await eventually(async () => (await presence.devicesOf(alice.id, Date.now()))[0]?.dialect === 'peer');
    const before = mine.heard.length;
    await client(carol);
    await mine.hears('users', (list) => (list as unknown as unknown[]).length === 3);
    expect(new Set(mine.heard.slice(before).map(({ event }) => event))).toEqual(new Set(['users']));
  });
});

describe('a socket that has shown its vocabulary', () => {
  it('hears nothing that is meant for undeclared ones of the same user', async () => {
    const { accounts, client, presence } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const [shown, undeclared, writer] = [await client(alice), await client(alice), await client(bob)];
    await shown.ask('typing:stop', { to: bob.id });
    await eventually(async () => {
      const devices = await presence.devicesOf(alice.id, Date.now());
      return (
        devices
          .map(({ dialect }) => String(dialect))
          .sort((a, b) => a.localeCompare(b))
          .join() === 'jitsi,null'
      );
    });
    await writer.ask('message', { to: alice.id, content: 'hi' });
    await undeclared.hears('message');
    await undeclared.hears('message.created');
    await shown.hears('message');
    await shown.settled();
    expect(shown.all('message')).toHaveLength(1);
    expect(shown.all('message.created')).toEqual([]);
  });
});

describe('commands of one socket', () => {
  it('keep their order within a conversation, and hold up no other', async () => {
    const { accounts, client, chat } = await start();
    const [alice, bob, carol] = [accounts.user(), accounts.user(), accounts.user()];
    const mine = await client(alice);
    const { release } = holdBack(chat, 'first');
    const toBob = ['first', 'second', 'third'].map((content) => mine.ask('message', { to: bob.id, content }));
    expect(await mine.ask('message', { to: carol.id, content: 'elsewhere' })).toMatchObject({ ok: true });
    expect(chat.messages.map(({ content }) => content)).toEqual(['elsewhere']);
    release();
    await Promise.all(toBob);
    expect(chat.messages.map(({ content }) => content)).toEqual(['elsewhere', 'first', 'second', 'third']);
  });

  it('are bounded while they wait; one refused does not spoil the next', async () => {
    const { accounts, client, chat } = await start({ SOCKET_PENDING_MAX: '3' });
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice);
    const { release } = holdBack(chat, 'held');
    const sent = ['held', 'b', 'c', 'd', 'e'].map((content) => mine.ask('message', { to: bob.id, content }));
    for (const refusal of await Promise.all(sent.slice(3))) {
      expect(refusal).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED', retryAfterMs: 1000 } });
    }
    release();
    expect((await Promise.all(sent.slice(0, 3))).map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(await mine.ask('message', { to: bob.id, content: 'f' })).toMatchObject({ ok: true });
  });

  it('say that it is worth trying again while the service behind is away, and nothing is acknowledged', async () => {
    const { accounts, client, chat } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice);
    chat.away = true;
    expect(await mine.ask('message', { to: bob.id, content: 'hi' })).toMatchObject({
      ok: false,
      error: { code: 'SERVICE_UNAVAILABLE', retryAfterMs: 1000 },
    });
    mine.socket.emit('message', { to: bob.id, content: 'hi' });
    expect(await mine.hears('error')).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    chat.away = false;
    expect(await mine.ask('message', { to: bob.id, content: 'hi' })).toMatchObject({ ok: true });
    expect(chat.messages).toHaveLength(1);
  });

  it('reach direct conversations of the socket’s user alone', async () => {
    const { accounts, client } = await start();
    const mine = await client(accounts.user(), { auth: { dialect: 'native' } });
    for (const event of ['chat.sync', 'chat.history', 'chat.read']) {
      const foreign = { conversationId: 'd:8:9', after: 0 };
      expect(await mine.ask(event, foreign)).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    }
    expect(await mine.ask('chat.history', { conversationId: 'd:1:9' })).toMatchObject({ ok: true });
  });
});

describe('a flood', () => {
  it('is refused past the burst, complained of once, and closed when it goes on; others notice nothing', async () => {
    const { accounts, client } = await start({ SOCKET_EVENT_RATE: '20/1s' });
    const [alice, bob] = [accounts.user(), accounts.user()];
    const [mine, other] = [await client(alice), await client(bob)];
    const answers = await Promise.all(Array.from({ length: 60 }, () => mine.ask('typing:stop', {})));
    const codes = answers.map(({ error }) => error?.code);
    expect(codes.slice(0, 40)).toEqual(Array.from({ length: 40 }, () => 'INVALID_DATA'));
    expect(codes.at(-1)).toBe('RATE_LIMITED');
    const before = mine.all('error').length;
    for (let sent = 0; sent < 500; sent += 1) mine.socket.emit('typing:stop', {});
    await mine.hears('error', ({ code }) => code === 'RATE_LIMITED');
    await mine.settled();
    expect(mine.all('error').length - before).toBeLessThan(40);
    expect(mine.socket.connected).toBe(true);
    for (let sent = 0; sent < 1_500; sent += 1) mine.socket.emit('typing:stop', {});
    await eventually(() => mine.socket.disconnected);
    expect(await other.ask('typing:stop', { to: alice.id })).toMatchObject({ ok: true });
  });
});

describe('a client that does not read', () => {
  it('is let go before it fills the memory', async () => {
    const { accounts, client, url, logged } = await start({
      SOCKET_UNSENT_MAX: '100',
      SOCKET_EVENT_RATE: 'off',
    });
    const [alice, bob] = [accounts.user(), accounts.user()];
    const raw = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    await once(raw, 'open');
    raw.send(`40${JSON.stringify({ token: alice.token(), dialect: 'jitsi' })}`);
    await eventually(async () => (await node?.presence.devicesOf(alice.id, Date.now()))?.length === 1);
    raw.pause();
    const writer = await client(bob);
    const content = 'x'.repeat(8_000);
    await eventually(async () => {
      const sends = Array.from({ length: 200 }, () => writer.ask('message', { to: alice.id, content }));
      await Promise.all(sends);
      return (await node?.presence.devicesOf(alice.id, Date.now()))?.length === 0;
    }, 45_000);
    expect(logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    raw.terminate();
  });
});

describe('on the way down', () => {
  it('readiness fails, clients are told and move by themselves, commands in hand are finished', async () => {
    const { accounts, client, running, url, chat } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const [mine, other] = [await client(alice, { auth: { dialect: 'native' } }), await client(bob)];
    const reason = new Promise((resolve) => mine.socket.once('disconnect', resolve));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const { reached, release } = holdBack(chat, 'late');
    mine.socket.emit('chat.send', { to: { userId: bob.id }, content: 'late' });
    await reached;
    const drained = running.drain?.(1_000);
    expect(await mine.hears('server.drain')).toEqual({ withinMs: 1_000 });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    await eventually(() => mine.socket.disconnected && other.socket.disconnected);
    // What makes a client of Socket.IO come back by itself.
    expect(await reason).toBe('transport close');
    release();
    await drained;
    expect(chat.messages.map(({ content }) => content)).toEqual(['late']);
  });
});

it('counts sockets, events and latencies', async () => {
  const { accounts, client, url } = await start();
  const alice = accounts.user();
  const mine = await client(alice, { auth: { dialect: 'jitsi' } });
  await mine.ask('typing:stop', { to: alice.id });
  await mine.ask('typing:stop', {});
  const text = await (await fetch(`${url}/metrics`)).text();
  expect(text).toMatch(/signaling_sockets\{.*\} 1\n/);
  expect(text).toMatch(/signaling_events_total\{dialect="jitsi",command="chat.typing".*\} 1\n/);
  expect(text).toMatch(/signaling_events_total\{dialect="jitsi",command="refused".*\} 1\n/);
  expect(text).toMatch(
    /signaling_command_duration_seconds_count\{service="test",command="chat.typing",outcome="ok"\} 1\n/,
  );
  mine.socket.disconnect();
  await eventually(async () =>
    /signaling_sockets\{.*\} 0\n/.test(await (await fetch(`${url}/metrics`)).text()),
  );
});
