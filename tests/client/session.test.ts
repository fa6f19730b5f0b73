import type { ConnectionState, SessionStorage, SignedOut } from '@switchboard/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { register } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';
import { Clients, PATIENT, soon } from './clients.ts';
import { FlakyLine } from './flaky-line.ts';

let topology: Topology;
beforeAll(async () => {
  // A life of two seconds: what takes longer has to renew.
  topology = await allInOne({ RATE_LIMIT_MESSAGES: 'off', ACCESS_TOKEN_TTL: '2s' });
});
afterAll(async () => {
  await topology?.[Symbol.asyncDispose]();
});

/** A storage that can be looked into. */
function visibleStorage(): SessionStorage & { readonly values: Map<string, string>; tokens(): string[] } {
  const values = new Map<string, string>();
  const written: string[] = [];
  return {
    values,
    getItem: async (key) => values.get(key) ?? null,
    setItem: async (key, value) => {
      values.set(key, value);
      written.push((JSON.parse(value) as { refreshToken: string }).refreshToken);
    },
    removeItem: async (key) => void values.delete(key),
    tokens: () => written,
  };
}

describe('a session of the client', PATIENT, () => {
  it('is renewed when its token lapses amid requests and over a broken line, by one refresh for all', async () => {
    await using clients = new Clients(topology);
    await using line = await FlakyLine.to(topology.url(0));
    const storage = visibleStorage();
    const { client, person } = await clients.newcomer('Alice', { url: line.url, storage });
    const bob = await clients.newcomer('Bob');
    const first = await client.accessToken();

    const until5s = Date.now() + 5_000;
    let sent = 0;
    while (Date.now() < until5s) {
      sent += 1;
      const ack = await client.chat.sendMessage({ userId: bob.person.id }, `message ${sent}`);
      expect(ack.seq).toBe(sent);
      if (sent % 20 === 0) line.cut();
      const [me, users] = await Promise.all([client.users.me(), client.users.list({ q: person.username })]);
      expect([me.id, users[0]?.id]).toEqual([person.id, person.id]);
    }
    await soon('it was renewed more than once', () => storage.tokens().length >= 3);
    expect(await client.accessToken()).not.toBe(first);
    expect(client.account?.id).toBe(person.id);
    // The pair in use is the one that was stored last, and none was stored twice.
    const tokens = storage.tokens();
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('outlives the loss of the reply to a refresh', async () => {
    await using clients = new Clients(topology);
    const storage = visibleStorage();
    let refreshes = 0;
    const lossy: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!response.url.endsWith('/auth/refresh')) return response;
      refreshes += 1;
      // The server has replaced the token, and we do not get to know by which.
      if (refreshes === 1) throw new TypeError('the reply was lost');
      return response;
    };
    const { client, person } = await clients.newcomer('Alice', { storage, fetch: lossy });
    await soon('it is renewed', () => storage.tokens().length >= 2);
    // The lost one, and the one that asked again.
    expect(refreshes).toBeGreaterThanOrEqual(2);
    expect((await client.users.me()).id).toBe(person.id);
    expect(client.account?.id).toBe(person.id);
  });

  it('is restored from its storage, in a new client', async () => {
    await using clients = new Clients(topology);
    const storage = visibleStorage();
    const { client, person } = await clients.newcomer('Alice', { storage });
    client.disconnect();

    const later = clients.unconnected({ storage });
    expect((await later.restore())?.id).toBe(person.id);
    await later.connect();
    expect(later.connection.status).toBe('connected');
    expect(await clients.unconnected({ storage: visibleStorage() }).restore()).toBeNull();
  });

  it('is over when the server says so: signed out, disconnected, forgotten, and what waits is told', async () => {
    await using clients = new Clients(topology);
    const storage = visibleStorage();
    const { client, person } = await clients.newcomer('Alice', { storage });
    const elsewhere = await clients.of(person);
    const signedOut = new Promise<SignedOut>((resolve) => client.on('signed-out', resolve));
    const states: ConnectionState['status'][] = [];
    client.on('connection', ({ status }) => states.push(status));

    await elsewhere.logOut({ everywhere: true });
    expect(await signedOut).toMatchObject({ reason: 'refused', error: { code: 'UNAUTHORIZED' } });
    expect(client.account).toBeNull();
    expect(states.at(-1)).toBe('idle');
    expect(storage.values.size).toBe(0);
    await expect(client.chat.sendMessage({ userId: person.id }, 'x')).rejects.toMatchObject({
      code: 'NOT_SIGNED_IN',
    });
    await expect(client.connect()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  });

  it('ends with a log-out, and others of the user go on', async () => {
    await using clients = new Clients(topology);
    const { client, person } = await clients.newcomer('Alice');
    const elsewhere = await clients.of(person);
    await client.logOut();
    expect(client.account).toBeNull();
    expect((await elsewhere.users.me()).id).toBe(person.id);
    await expect(client.users.me()).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  });

  it('goes on under a changed password, while every other session of the user ends', async () => {
    await using clients = new Clients(topology);
    const storage = visibleStorage();
    const { client, person } = await clients.newcomer('Alice', { storage });
    const elsewhere = await clients.of(person);
    const over: string[] = [];
    client.on('signed-out', () => over.push('here'));
    elsewhere.on('signed-out', () => over.push('elsewhere'));

    const before = storage.tokens().at(-1);
    await client.users.changePassword(person.password, 'another password');
    expect(storage.tokens().at(-1)).not.toBe(before);
    await soon('the other is signed out', () => over.length > 0);
    // And its token lapses, so that the new pair has to do.
    const seen = storage.tokens().length;
    await soon('it is renewed', () => storage.tokens().length > seen);
    expect((await client.chat.conversations()).length).toBe(0);
    expect(over).toEqual(['elsewhere']);
  });

  it('tells refusals apart', async () => {
    await using clients = new Clients(topology);
    const person = await register(topology, 'Alice');
    const client = clients.unconnected();
    await expect(client.logIn(person.username, 'wrong password')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      status: 401,
      detail: 'bad_credentials',
      retryable: false,
    });
    await expect(
      client.register({ username: person.username, password: 'long enough' }),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
      detail: 'username_taken',
    });
    const nowhere = clients.unconnected({ url: 'http://127.0.0.1:1' });
    await expect(nowhere.logIn('a', 'b')).rejects.toMatchObject({ code: 'NETWORK', retryable: true });
  });
});
