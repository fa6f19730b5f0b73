import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../testing/eventually.ts';
import { connected, refused } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
beforeEach(async () => {
  node = await startTestNode({ mongo, env: { JOIN_TIMEOUT_MS: '400', SESSION_REVERIFY_MS: '500' } });
});
afterEach(async () => {
  await node[Symbol.asyncDispose]();
});

describe.each(['websocket', 'polling'])('a handshake over %s', (transport) => {
  const transports = [transport];

  it('lets a token in, wherever it is carried', async () => {
    const alice = node.accounts.user('alice');
    const token = alice.token();
    const ways = [
      { auth: { token } },
      { auth: { token: `Bearer ${token}` } },
      { extraHeaders: { Authorization: `Bearer ${token}` } },
      { query: { token } },
      { auth: { token: null }, query: { token } },
    ];
    for (const way of ways) {
      const client = await node.client(null, { transports, ...way });
      const hello = await client.hears('connected');
      expect(hello).toEqual({ userId: alice.id, socketId: client.socket.id });
    }
  });

  it('refuses a bad token in the words of the documents', async () => {
    const gone = node.accounts.user();
    const token = gone.token();
    gone.delete();
    const over = node.accounts.user();
    await over.revoke();
    const cases: [unknown, string][] = [
      ['nonsense', 'Authentication error'],
      [{ $ne: null }, 'Authentication error'],
      [['x'], 'Authentication error'],
      ['x'.repeat(9_000), 'Authentication error'],
      [`${node.accounts.user().token()}x`, 'Authentication error'],
      [over.token(), 'Authentication error'],
      [token, 'User not found'],
    ];
    for (const [bad, message] of cases) {
      const refusal = await refused(node.dial(null, { transports, auth: { token: bad } }));
      expect(refusal.message).toBe(message);
      expect(refusal.data).toMatchObject({ code: 'UNAUTHORIZED' });
    }
    expect(node.logged.join('')).not.toContain(token);
  });

  it('says that it is worth coming back while auth is away', async () => {
    const alice = node.accounts.user();
    node.accounts.away = true;
    const refusal = await refused(node.dial(alice, { transports }));
    expect(refusal.data).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
    expect(refusal.message).toMatch(/try again/);
    node.accounts.away = false;
    await node.client(alice, { transports });
  });

  it('refuses a dialect that it does not know', async () => {
    const alice = node.accounts.user();
    for (const dialect of ['klingon', 'channels', 7, { $gt: '' }]) {
      const refusal = await refused(node.dial(alice, { transports, auth: { dialect } }));
      expect(refusal).toMatchObject({ message: 'Unknown dialect', data: { code: 'INVALID_DATA' } });
    }
    const peer = await node.client(alice, { transports, query: { dialect: 'peer' } });
    await peer.hears('users');
    await peer.settled();
    expect(new Set(peer.heard.map(({ event }) => event))).toEqual(new Set(['users']));
  });

  it('refuses a foreign origin and lets trusted, own and absent ones in', async () => {
    await node[Symbol.asyncDispose]();
    node = await startTestNode({ mongo, env: { CLIENT_URL: 'https://app.example' } });
    const alice = node.accounts.user();
    const from = (Origin: string) => node.dial(alice, { transports, extraHeaders: { Origin } });
    for (const foreign of ['https://evil.example', 'null', 'https://app.example.evil.example']) {
      expect((await refused(from(foreign))).message).toMatch(/xhr poll error|websocket error/);
    }
    await connected(from('https://app.example'));
    await connected(from(node.url));
    await node.client(alice, { transports });
  });
});

describe('a socket without a token', () => {
  it('may join within its time, and is told so', async () => {
    const alice = node.accounts.user('alice');
    const client = await node.client(null);
    client.socket.emit('join', { userId: '99', token: alice.token() });
    expect(await client.hears('connected')).toEqual({ userId: alice.id, socketId: client.socket.id });
    await client.settled();
    // `join` is a word of jitsi alone: the others are silent from the start.
    expect(client.all('users')).toEqual([]);
    expect(client.all('session.connected')).toEqual([]);
    const [device] = await node.presence.devicesOf(alice.id, Date.now());
    expect(device).toMatchObject({ userId: alice.id, dialect: 'jitsi', sessionId: alice.sessionId });
    await eventually(() => client.socket.connected);
  });

  it('has its join acknowledged', async () => {
    const alice = node.accounts.user();
    const client = await node.client(null);
    expect(await client.ask('join', { token: alice.token() })).toEqual({
      ok: true,
      success: true,
      userId: alice.id,
    });
  });

  it('is told to authenticate before anything else, stays, and is closed when its time is over', async () => {
    const client = await node.client(null);
    const started = performance.now();
    client.socket.emit('message', { to: '1', content: 'hi' });
    await client.hears('auth:error');
    expect(await client.hears('error')).toMatchObject({ code: 'AUTH_REQUIRED' });
    expect(await client.ask('callUser', {})).toMatchObject({
      ok: false,
      success: false,
      error: { code: 'AUTH_REQUIRED' },
    });
    expect(client.socket.connected).toBe(true);
    await eventually(() => client.socket.disconnected);
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  it('hears why a join failed, stays, and may try again', async () => {
    const alice = node.accounts.user();
    const client = await node.client(null);
    client.socket.emit('join', { userId: alice.id, token: 'bad' });
    expect(await client.hears('auth:error')).toMatchObject({ message: 'Authentication failed' });
    expect(await client.ask('join', { token: 'bad' })).toMatchObject({
      ok: false,
      error: { code: 'UNAUTHORIZED' },
    });
    expect(await client.ask('join', { token: 7 })).toMatchObject({ error: { code: 'INVALID_DATA' } });
    expect(client.socket.connected).toBe(true);
    expect(await client.ask('join', { token: alice.token() })).toMatchObject({ ok: true });
  });

  it('has what it sends right behind its join carried out, in order', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const client = await node.client(null);
    client.socket.emit('join', { token: alice.token() });
    const sent = ['one', 'two', 'three'];
    const answers = await Promise.all(sent.map((content) => client.ask('message', { to: bob.id, content })));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(node.chat.messages.map(({ content }) => content)).toEqual(sent);
  });

  it('has what it sent behind a bad join refused, and another join behind that counts', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const client = await node.client(null);
    const answers = await Promise.all([
      client.ask('join', { token: 'bad' }),
      client.ask('message', { to: bob.id, content: 'lost' }),
      client.ask('join', { token: alice.token() }),
      client.ask('message', { to: bob.id, content: 'kept' }),
    ]);
    expect(answers.map(({ ok }) => ok)).toEqual([false, false, true, true]);
    expect(answers[1]?.error?.code).toBe('AUTH_REQUIRED');
    expect(node.chat.messages.map(({ content }) => content)).toEqual(['kept']);
  });

  it('is refused at once where a token is required', async () => {
    await node[Symbol.asyncDispose]();
    node = await startTestNode({ mongo, env: { REQUIRE_HANDSHAKE_TOKEN: 'true' } });
    expect((await refused(node.dial(null))).message).toBe('Authentication error');
    await node.client(node.accounts.user());
  });
});

describe('an authenticated socket', () => {
  it('may join again as itself and not as another', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const client = await node.client(alice);
    expect(await client.ask('join', { token: alice.token() })).toMatchObject({ ok: true, userId: alice.id });
    await client.settled();
    expect(client.all('connected')).toHaveLength(2);
    expect(await client.ask('join', { token: bob.token() })).toMatchObject({
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(await client.ask('join', { token: 'bad' })).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    expect(client.socket.connected).toBe(true);
  });

  it('is closed within two seconds of its session, and no other is', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const [mine, other] = [await node.client(alice), await node.client(bob)];
    const reason = new Promise((resolve) => mine.socket.once('disconnect', resolve));
    await alice.revoke('banned');
    await eventually(() => mine.socket.disconnected, 2_000);
    // The reason that keeps a client from coming back.
    expect(await reason).toBe('io server disconnect');
    expect(other.socket.connected).toBe(true);
    await eventually(async () => (await node.presence.devicesOf(alice.id, Date.now())).length === 0);
  });

  it('is closed soon even when the notice was lost, and lives on while auth is away', async () => {
    const [alice, bob] = [node.accounts.user(), node.accounts.user()];
    const [mine, other] = [await node.client(alice), await node.client(bob)];
    await alice.revoke('silently');
    await eventually(() => mine.socket.disconnected, 2_000);
    node.accounts.away = true;
    const asked = node.accounts.checks;
    await eventually(() => node.accounts.checks > asked + 2);
    expect(other.socket.connected).toBe(true);
  });

  it('is one of at most twenty of its user', async () => {
    const alice = node.accounts.user();
    const all = Array.from({ length: 24 }, () => node.dial(alice));
    const outcomes = await Promise.all(
      all.map((client) =>
        connected(client).then(
          () => 'in',
          (error: Error) => error.message,
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'in')).toHaveLength(20);
    expect(outcomes.filter((outcome) => /Too many connections/.test(outcome))).toHaveLength(4);
    // A place is given back.
    all.find(({ socket }) => socket.connected)?.socket.disconnect();
    await eventually(async () => {
      const client = node.dial(alice);
      return connected(client).then(
        () => true,
        () => false,
      );
    });
    await node.client(node.accounts.user());
  });
});

it('a transport that never speaks Socket.IO, or speaks it wrongly, is closed and harms nobody', async () => {
  const bystander = await node.client(node.accounts.user());
  const url = `${node.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
  const closed = (says?: string | Buffer) =>
    new Promise((resolve) => {
      const raw = new WebSocket(url);
      raw.on('close', resolve);
      raw.on('open', () => says !== undefined && raw.send(says));
    });
  const wrong = ['4', '49', '42["message"]', '40{"token":', Buffer.from('x'), 'x'.repeat(200_000)];
  const broken = ['40/admin,{}', '4099999999999-[]', '451-["message",{"_placeholder":true,"num":9}]'];
  await Promise.all([closed(), ...[...wrong, ...broken].map((says) => closed(says))]);
  await bystander.settled();
  expect(bystander.socket.connected).toBe(true);
});
