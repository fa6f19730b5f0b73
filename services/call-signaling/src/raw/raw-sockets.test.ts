import { LIMITS } from '@switchboard/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestUser } from '../testing/accounts.ts';
import { eventually } from '../testing/eventually.ts';
import { dialRaw, openRaw, type RawClient, refusedRaw } from '../testing/raw-client.ts';
import { refused } from '../testing/test-client.ts';
import { startTestMongo, startTestNode, type TestNode } from '../testing/test-node.ts';

let mongo: Awaited<ReturnType<typeof startTestMongo>>;
let node: TestNode;
const clients: RawClient[] = [];
beforeAll(async () => {
  mongo = await startTestMongo();
});
afterAll(async () => {
  await mongo[Symbol.asyncDispose]();
});
afterEach(async () => {
  for (const { ws } of clients.splice(0)) ws.terminate();
  await node[Symbol.asyncDispose]();
});

const start = async (env: Record<string, string> = {}): Promise<TestNode> => {
  node = await startTestNode({ mongo, env });
  return node;
};
const bearing = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });
const pathOf = (roomId: string): string => `/ws/chat/${roomId}/`;
const open = async (user: TestUser, roomId: string): Promise<RawClient> => {
  const client = await openRaw(node.url, pathOf(roomId), bearing(user.token()));
  clients.push(client);
  return client;
};
const devices = async (user: TestUser) => node.presence.devicesOf(user.id, Date.now());
const lines = (text: string): string[] => node.logged.filter((line) => line.includes(text));
const metric = async (): Promise<string> => (await fetch(`${node.url}/metrics`)).text();

describe('an upgrade', () => {
  it('takes no token that is expired, revoked or of somebody who is gone', async () => {
    const { accounts, chat } = await start();
    const [expired, revoked, gone] = [accounts.user(), accounts.user(), accounts.user()];
    const { id } = chat.room();
    await revoked.revoke();
    gone.delete();
    const cases: [string, string][] = [
      [expired.token(1), 'token_not_valid'],
      [revoked.token(), 'token_not_valid'],
      [gone.token(), 'user_not_found'],
    ];
    for (const [token, code] of cases) {
      // The shortest token is good for a second.
      const refusal = await eventually(() =>
        refusedRaw(node.url, pathOf(id), bearing(token)).catch(() => undefined),
      );
      expect(refusal).toMatchObject({ status: 401, body: { code } });
      expect(node.logged.join('')).not.toContain(token);
    }
    expect(await metric()).toMatch(/signaling_upgrades_total\{status="401",.*\} 3\n/);
  });

  it('is worth trying again while what it needs is away', async () => {
    const { accounts, chat } = await start();
    const alice = accounts.user();
    const { id } = chat.room();
    accounts.away = true;
    const again = { status: 503, headers: { 'retry-after': '1' } };
    expect(await refusedRaw(node.url, pathOf(id), bearing(alice.token()))).toMatchObject(again);
    accounts.away = false;
    chat.away = true;
    expect(await refusedRaw(node.url, pathOf(id), bearing(alice.token()))).toMatchObject(again);
    chat.away = false;
    await open(alice, id);
  });

  it('takes one of the places that a user has, whatever connects', async () => {
    const { accounts, chat, client, dial } = await start();
    const alice = accounts.user();
    const { id } = chat.room();
    await Promise.all(Array.from({ length: LIMITS.socketsPerUser - 1 }, () => client(alice)));
    const last = await open(alice, id);
    expect(await refusedRaw(node.url, pathOf(id), bearing(alice.token()))).toMatchObject({
      status: 429,
      body: { detail: expect.stringMatching(/^Request was throttled\./) },
    });
    expect((await refused(dial(alice))).data).toMatchObject({ code: 'RATE_LIMITED' });
    last.ws.terminate();
    await eventually(() => open(alice, id).catch(() => undefined));
  });

  it('all at once takes no more places than there are', async () => {
    const { accounts, chat } = await start();
    const alice = accounts.user();
    const { id } = chat.room();
    const all = Array.from({ length: LIMITS.socketsPerUser * 2 }, () => open(alice, id));
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMITS.socketsPerUser);
  });

  it('to a room that does not exist leaves nothing behind', async () => {
    const { accounts, chat } = await start();
    const alice = accounts.user();
    const { id } = chat.room();
    chat.delete(id);
    for (const room of [id, '77', 'nowhere']) {
      expect(await refusedRaw(node.url, pathOf(room), bearing(alice.token()))).toMatchObject({ status: 404 });
    }
    expect(await devices(alice)).toEqual([]);
    expect(await metric()).toMatch(/signaling_sockets\{.*\} 0\n/);
  });
});

describe('an open socket', () => {
  it('is a device of its user, and one that is never rung', async () => {
    const { accounts, chat, client } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const { id } = chat.room();
    const mine = await open(alice, id);
    await eventually(async () => (await devices(alice))[0]?.dialect === 'channels');
    const caller = await client(bob, { auth: { dialect: 'jitsi' } });
    await caller.ask('call:initiate', { targetUserId: alice.id, callType: 'voice' });
    await caller.hears('call:failed', ({ reason }) => reason === 'user_unavailable');
    mine.say({ content: 'done' });
    await mine.hears(({ content }) => content === 'done');
    expect(mine.heard).toHaveLength(1);
  });

  it('hears nothing of what goes wrong; the log does, without a word of what was said', async () => {
    const { accounts, chat } = await start();
    const alice = accounts.user();
    const { id } = chat.room();
    const mine = await open(alice, id);
    for (let n = 0; n < 50; n += 1) mine.say({ content: { secret: `squirrel ${n}` } });
    mine.say('{"content":"squirrel"');
    mine.say({ type: 'webrtc-offer', offer: `squirrel${'x'.repeat(LIMITS.descriptionBytes)}` });
    mine.say({ type: 'squirrel' });
    chat.away = true;
    mine.say({ content: 'squirrel, not stored' });
    await eventually(async () => (await metric()).includes('outcome="SERVICE_UNAVAILABLE"'));
    chat.away = false;
    mine.say({ content: 'done' });
    await mine.hears(({ content }) => content === 'done');
    expect(mine.heard).toHaveLength(1);
    expect(chat.messages).toHaveLength(1);
    expect(lines('frame dropped').length).toBeLessThan(10);
    expect(JSON.parse(lines('frame dropped')[0] ?? '')).toMatchObject({
      userId: alice.id,
      roomId: id,
      code: 'INVALID_DATA',
      event: 'message',
      dropped: 1,
    });
    expect(lines('squirrel')).toEqual([]);
    expect(await metric()).toMatch(/signaling_events_total\{dialect="channels",command="refused",.*\} 53\n/);
  });

  it('that floods is refused in silence and closed when it goes on', async () => {
    const { accounts, chat } = await start({ SOCKET_EVENT_RATE: '20/1s' });
    const [alice, bob] = [accounts.user(), accounts.user()];
    const { id } = chat.room();
    const [mine, other] = [await open(alice, id), await open(bob, id)];
    for (let n = 0; n < 3_000; n += 1) mine.say('nonsense');
    expect(await mine.closed).toMatchObject({ code: 1008 });
    expect(mine.heard).toEqual([]);
    other.say({ content: 'still here' });
    await other.hears(({ content }) => content === 'still here');
  });

  it('that does not read is let go before it fills the memory', async () => {
    const { accounts, chat } = await start({ SOCKET_UNSENT_MAX: '100', SOCKET_EVENT_RATE: 'off' });
    const [alice, bob] = [accounts.user(), accounts.user()];
    const { id } = chat.room();
    const [mine, writer] = [await open(alice, id), await open(bob, id)];
    mine.ws.pause();
    const offer = 'x'.repeat(LIMITS.descriptionBytes - 100);
    await eventually(async () => {
      for (let n = 0; n < 50; n += 1) writer.say({ type: 'webrtc-offer', offer });
      return (await devices(alice)).length === 0;
    }, 15_000);
    expect(lines('"level":"error"')).toEqual([]);
  });

  it.each([
    ['logout', 4401],
    ['banned', 4401],
    ['role_changed', 1012],
  ] as const)('is closed when its session ends: %s', async (reason, code) => {
    const { accounts, chat } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const { id } = chat.room();
    const [mine, other] = [await open(alice, id), await open(bob, id)];
    await alice.revoke(reason);
    expect(await mine.closed).toMatchObject({ code });
    await eventually(async () => (await devices(alice)).length === 0);
    other.say({ content: 'not I' });
    await other.hears(({ content }) => content === 'not I');
  });

  it('is closed even when nobody heard that its session ended', async () => {
    const { accounts, chat } = await start({ SESSION_REVERIFY_MS: '200' });
    const alice = accounts.user();
    const mine = await open(alice, chat.room().id);
    await alice.revoke('silently');
    expect(await mine.closed).toMatchObject({ code: 4401 });
  });

  it('is closed with its room, and is a participant no more', async () => {
    const { accounts, chat, roomPresence } = await start();
    const alice = accounts.user();
    const { id } = chat.room();
    const mine = await open(alice, id);
    expect(await roomPresence.membersOf(id, Date.now())).toMatchObject([
      { dialect: 'channels', participant: { id: alice.id } },
    ]);
    chat.delete(id);
    expect(await mine.closed).toMatchObject({ code: 4404 });
    await eventually(async () => (await roomPresence.membersOf(id, Date.now())).length === 0);
  });
});

describe('on the way down', () => {
  it('sockets are told to move, new ones are refused, and what was said is stored', async () => {
    const { accounts, chat, running } = await start();
    const [alice, bob] = [accounts.user(), accounts.user()];
    const { id } = chat.room();
    const [mine, other] = [await open(alice, id), await open(bob, id)];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reach = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    chat.beforeSend = async () => {
      reach();
      await held;
    };
    mine.say({ content: 'late' });
    await reached;
    const drained = running.drain?.(1_000);
    expect(await refusedRaw(node.url, pathOf(id), bearing(alice.token()))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
    });
    expect(await mine.closed).toMatchObject({ code: 1012 });
    expect(await other.closed).toMatchObject({ code: 1012 });
    release();
    await drained;
    expect(chat.messages.map(({ content }) => content)).toEqual(['late']);
  });

  it('a node that is closed under its sockets says goodbye, too', async () => {
    const { accounts, chat, running } = await start();
    const alice = accounts.user();
    const client = dialRaw(node.url, pathOf(chat.room().id), bearing(alice.token()));
    await eventually(async () => (await devices(alice)).length === 1);
    await running[Symbol.asyncDispose]();
    expect(await client.closed).toMatchObject({ code: 1012 });
    expect(await devices(alice)).toEqual([]);
  });
});
