import { randomUUID } from 'node:crypto';
import { createMemoryPresence } from '@switchboard/engine-memory';
import type { Presence } from '@switchboard/ports';
import { DeviceId, NodeId, unavailable } from '@switchboard/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/accounts.ts';
import { eventually } from '../testing/eventually.ts';
import { refused, type TestClient } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode, type TestNodeOptions } from '../testing/test-node.ts';

interface Named {
  readonly id: string;
}
const ids = (list: unknown): string[] => (list as Named[]).map(({ id }) => id);

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
const start = async (options: Omit<TestNodeOptions, 'mongo'> = {}): Promise<TestNode> => {
  node = await startTestNode({ mongo, ...options });
  return node;
};
const native = { auth: { dialect: 'native' } };

/** A device of a node that is no more. */
const orphan = (user: TestUser) => ({
  deviceId: DeviceId.parse(randomUUID()),
  userId: user.id,
  sessionId: user.sessionId,
  nodeId: NodeId.parse('dead'),
  dialect: null,
});

describe('presence', () => {
  it('is told in each vocabulary’s words, on connect and on change', async () => {
    const { accounts, client } = await start();
    const [alice, bob] = [accounts.user('alice'), accounts.user('bob')];
    const peer = await client(alice, { auth: { dialect: 'peer' } });
    const users = await peer.hears('users');
    expect(users).toEqual([{ id: alice.id, username: 'alice' }]);

    const jitsi = await client(bob, { auth: { dialect: 'jitsi' } });
    expect(await jitsi.hears('user:online', ({ userId }) => userId === alice.id)).toMatchObject({
      status: 'online',
    });
    await peer.hears('users', (list) => ids(list).length === 2);
    const third = await client(alice, native);
    expect(ids((await third.hears('presence')).online)).toEqual([alice.id, bob.id]);

    // A second device is no second arrival, and the first to go no departure.
    third.socket.disconnect();
    jitsi.socket.disconnect();
    await peer.hears('userDisconnected', ({ userId }) => userId === bob.id);
    expect(ids(peer.all('users').at(-1))).toEqual([alice.id]);
    expect(peer.all('userDisconnected')).toHaveLength(1);
  });

  it('tells nobody of a reload', async () => {
    const { accounts, client } = await start({ env: { PRESENCE_COALESCE_MS: '400' } });
    const [watcher, reloader, marker] = [accounts.user(), accounts.user(), accounts.user()];
    const watching = await client(watcher, native);
    const page = await client(reloader);
    await watching.hears('presence', ({ joined }) => ids(joined).includes(reloader.id));
    const before = watching.all('presence').length;
    page.socket.disconnect();
    await eventually(async () => (await node?.presence.devicesOf(reloader.id, Date.now()))?.length === 0);
    await client(reloader);
    await client(marker);
    await watching.hears('presence', ({ joined }) => ids(joined).includes(marker.id));
    for (const { joined, left } of watching.all('presence').slice(before)) {
      expect([...ids(joined), ...ids(left)]).not.toContain(reloader.id);
    }
  });

  it('tells a crowd that arrives at once in few words, to the last one', async () => {
    const { accounts, client } = await start();
    const watching = await client(accounts.user(), native);
    await watching.hears('presence', ({ joined }) => ids(joined).length === 1);
    const crowd = Array.from({ length: 60 }, () => accounts.user());
    const theirs = await Promise.all(crowd.map((user) => client(user, native)));
    const seesAll = (one: TestClient) =>
      one.hears('presence', ({ online }) => ids(online).length === crowd.length + 1);
    await Promise.all([watching, ...theirs].map(seesAll));
    expect(watching.all('presence').length).toBeLessThan(crowd.length / 2);
    const joined = watching.all('presence').flatMap((told) => ids(told.joined));
    expect(joined.sort()).toEqual([...new Set(joined)].sort());
  });

  it('forgets the sockets of a dead node, and says so', async () => {
    const { accounts, client, presence } = await start({ env: { PRESENCE_LEASE_MS: '600' } });
    const [alice, bob] = [accounts.user(), accounts.user()];
    await presence.put(orphan(bob), Date.now() + 500, Date.now());
    const mine = await client(alice, native);
    expect(ids((await mine.hears('presence')).online)).toEqual([alice.id, bob.id]);
    await mine.hears('presence', ({ left }) => ids(left).includes(bob.id));
    // Renewed all the while.
    expect(await presence.online(Date.now())).toEqual([alice.id]);
  });

  it('puts its sockets back into a store that lost them', async () => {
    let inner = createMemoryPresence();
    const wrapped = Object.fromEntries(
      ['put', 'renew', 'remove', 'devicesOf', 'online', 'sweep'].map((name) => [
        name,
        (...args: never[]) =>
          (inner as unknown as Record<string, (...all: never[]) => unknown>)[name]?.(...args),
      ]),
    ) as unknown as Presence;
    const { accounts, client } = await start({
      env: { PRESENCE_LEASE_MS: '300' },
      presence: () => wrapped,
    });
    const alice = accounts.user();
    const mine = await client(alice, native);
    const { deviceId } = await mine.hears('session.connected');
    await mine.hears('presence');
    inner = createMemoryPresence();
    await eventually(async () => {
      const devices = await wrapped.devicesOf(alice.id, Date.now());
      return devices[0]?.deviceId === deviceId;
    });
    mine.socket.disconnect();
    await eventually(async () => (await wrapped.online(Date.now())).length === 0);
  });

  it('lets nobody in while its store is away, keeps who is in, and catches up', async () => {
    let away = false;
    const { accounts, client, dial } = await start({
      env: { PRESENCE_LEASE_MS: '300' },
      presence: (presence) =>
        new Proxy(presence, {
          get: (target, name: keyof Presence) =>
            away ? async () => Promise.reject(unavailable('presence')) : target[name],
        }),
    });
    const [alice, bob] = [accounts.user(), accounts.user()];
    const mine = await client(alice, native);
    const theirs = await client(bob, native);
    await mine.hears('presence', ({ online }) => ids(online).length === 2);
    away = true;
    expect((await refused(dial(accounts.user()))).data).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryable: true,
    });
    theirs.socket.disconnect();
    expect(await mine.ask('presence.list')).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } });
    away = false;
    await mine.hears('presence', ({ left }) => ids(left).includes(bob.id));
    await eventually(async () => {
      const answer = await mine.ask('presence.list');
      return answer.ok && ids(answer.online).join() === alice.id;
    });
    expect(mine.socket.connected).toBe(true);
  });

  it('among contacts is told to those who share a conversation', async () => {
    const { accounts, client, chat } = await start({ env: { PRESENCE_SCOPE: 'contacts' } });
    const [alice, bob, carol] = [accounts.user(), accounts.user(), accounts.user()];
    const writer = await client(alice, native);
    await writer.ask('chat.send', { to: { userId: bob.id }, content: 'hi' });
    expect(chat.messages).toHaveLength(1);
    writer.socket.disconnect();
    await eventually(async () => (await node?.presence.online(Date.now()))?.length === 0);

    const outsider = await client(carol, native);
    expect(ids((await outsider.hears('presence')).online)).toEqual([carol.id]);
    const friend = await client(bob, native);
    expect(ids((await friend.hears('presence')).online)).toEqual([bob.id]);
    const back = await client(alice, native);
    expect(ids((await back.hears('presence')).online)).toEqual([alice.id, bob.id]);
    const told = await friend.hears('presence', ({ joined }) => ids(joined).includes(alice.id));
    expect(ids(told.online)).toEqual([alice.id, bob.id]);
    expect(ids((await back.ask('presence.list')).online)).toEqual([alice.id, bob.id]);

    back.socket.disconnect();
    await friend.hears('presence', ({ left }) => ids(left).includes(alice.id));
    await outsider.settled();
    const heard = outsider.all('presence').flatMap(({ online, left }) => [...ids(online), ...ids(left)]);
    expect(new Set(heard)).toEqual(new Set([carol.id]));
  });
});
