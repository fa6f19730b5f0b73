import { startTestMongo, type TestMongo } from '@switchboard/embedded-mongo/testing';
import { createManualClock } from '@switchboard/engine-memory';
import { ConversationId, DEFAULT_PREFERENCES, orThrow, UserId } from '@switchboard/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONVERSATIONS_PER_USER } from '../store/preference-records.ts';
import type { SignedIn } from '../testing/accounts.ts';
import { expoToken } from '../testing/push-subscription.ts';
import { startTestNotification, type TestNotification } from '../testing/start-test-notification.ts';

/** 23:30 in Berlin. */
const clock = createManualClock(Date.UTC(2026, 0, 15, 22, 30));
let database: TestMongo;
let server: TestNotification;
beforeAll(async () => {
  database = await startTestMongo();
  server = await startTestNotification({ mongoUrl: database.database(), clock });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

let users = 0;
const newUser = () => {
  users += 1;
  return server.accounts.signIn(users);
};
const PATH = '/api/v1/notifications/preferences';
const get = async (as: SignedIn) => (await server.ask('GET', PATH, as)).body;
const put = (as: SignedIn, body: unknown) => server.ask('PUT', PATH, as, body);
const quietHours = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin', calls: 'silent' };
const wishes = { messages: { direct: 'mentions', rooms: 'none' }, previews: false, quietHours };

describe('preferences', () => {
  it('are the defaults until something is said, then that, and quiet hours only as long as they are said', async () => {
    const alice = newUser();
    expect(await get(alice)).toEqual({ preferences: DEFAULT_PREFERENCES, conversations: [] });
    expect(await put(alice, wishes)).toMatchObject({ status: 200, body: { preferences: wishes } });
    expect((await get(alice)).preferences).toEqual(wishes);
    const { quietHours: _none, ...without } = wishes;
    await put(alice, { ...without, quietHours: null });
    expect((await get(alice)).preferences).toEqual(without);
    expect((await get(newUser())).preferences).toEqual(DEFAULT_PREFERENCES);
    expect(server.notices).toContainEqual({ type: 'push.changed', userId: alice.id });
  });

  it.each([
    ['nothing', {}, 'messages'],
    ['an unknown mode', { ...wishes, messages: { direct: 'some', rooms: 'all' } }, 'messages.direct'],
    ['no mode for rooms', { ...wishes, messages: { direct: 'all' } }, 'messages.rooms'],
    ['a word for yes', { ...wishes, previews: 'yes' }, 'previews'],
    ['a time that is none', { ...wishes, quietHours: { ...quietHours, from: '24:00' } }, 'quietHours.from'],
    ['a time in words', { ...wishes, quietHours: { ...quietHours, to: '7' } }, 'quietHours.to'],
    [
      'an unknown zone',
      { ...wishes, quietHours: { ...quietHours, timeZone: 'Mars/Olympus' } },
      'quietHours.timeZone',
    ],
    ['an offset', { ...wishes, quietHours: { ...quietHours, timeZone: '+01:00' } }, 'quietHours.timeZone'],
    [
      'a great zone',
      { ...wishes, quietHours: { ...quietHours, timeZone: 'A'.repeat(65) } },
      'quietHours.timeZone',
    ],
    ['calls that may not', { ...wishes, quietHours: { ...quietHours, calls: 'maybe' } }, 'quietHours.calls'],
    ['no word on calls', { ...wishes, quietHours: { ...quietHours, calls: undefined } }, 'quietHours.calls'],
    ['an operator', { ...wishes, messages: { $gt: '' } }, '$gt'],
    ['a list', [wishes], undefined],
  ])('%s is refused and changes nothing', async (_what, body, field) => {
    const alice = newUser();
    const refused = await put(alice, body);
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'INVALID_DATA' } } });
    if (field !== undefined) expect(Object.keys(refused.body.error.fields)).toContain(field);
    expect((await get(alice)).preferences).toEqual(DEFAULT_PREFERENCES);
  });

  it('of whom there are none to be read are the defaults; a zone that is known no more costs its user the quiet hours', async () => {
    const alice = newUser();
    await put(alice, wishes);
    await server.mongo.connection
      .collection('notification_preferences')
      .updateOne({ _id: alice.id as never }, { $set: { 'quietHours.timeZone': 'Mars/Olympus' } });
    const { quietHours: _none, ...without } = wishes;
    expect((await get(alice)).preferences).toEqual(without);
  });
});

describe('of a conversation', () => {
  const path = (conversation: string) => `/api/v1/conversations/${conversation}/notifications`;
  const say = (as: SignedIn, conversation: string, body: unknown) =>
    server.ask('PUT', path(conversation), as, body);
  const direct = (as: SignedIn) => `d:${as.id}:${Number(as.id) + 1}`;

  it('mode and mute are said anew as a whole, listed, and taken back', async () => {
    const alice = newUser();
    const conversationId = direct(alice);
    expect(await say(alice, conversationId, { mutedUntil: '2026-01-16T10:00:00+01:00' })).toMatchObject({
      status: 200,
      body: { conversation: { conversationId, mutedUntil: '2026-01-16T09:00:00.000Z' } },
    });
    await clock.advance(1_000);
    expect((await say(alice, 'r:5', { mode: 'all' })).status).toBe(200);
    expect((await say(alice, conversationId, { mode: 'none' })).body).toEqual({
      conversation: { conversationId, mode: 'none' },
    });
    const { conversations } = await get(alice);
    expect(conversations).toHaveLength(2);
    expect(conversations).toEqual(
      expect.arrayContaining([
        { conversationId, mode: 'none' },
        { conversationId: 'r:5', mode: 'all' },
      ]),
    );
    const { preferences } = server.context;
    const said = await preferences.ofConversation(ConversationId.parse(conversationId), [
      alice.id,
      UserId.parse('999'),
    ]);
    expect([...said]).toEqual([[alice.id, { mode: 'none' }]]);
    expect((await server.ask('DELETE', path(conversationId), alice)).status).toBe(204);
    expect((await server.ask('DELETE', path(conversationId), alice)).status).toBe(204);
    expect((await get(alice)).conversations).toEqual([{ conversationId: 'r:5', mode: 'all' }]);
  });

  it.each([
    ['others’ conversation', 'd:900001:900002', { mode: 'none' }, 403],
    ['a room that is not there', 'r:6', { mode: 'none' }, 404],
    ['no conversation', 'x:1', { mode: 'none' }, 400],
    ['an unknown mode', 'r:5', { mode: 'some' }, 400],
    ['nothing', 'r:5', {}, 400],
    ['nulls', 'r:5', { mode: null, mutedUntil: null }, 400],
    ['a time that is none', 'r:5', { mutedUntil: 'tomorrow' }, 400],
  ])('%s is refused', async (_what, conversation, body, status) => {
    const alice = newUser();
    expect((await say(alice, conversation, body)).status).toBe(status);
    expect((await get(alice)).conversations).toEqual([]);
  });

  it('the other spelling of a pair is no conversation', async () => {
    const [low, high] = [newUser(), newUser()];
    expect((await say(low, `d:${high.id}:${low.id}`, { mode: 'none' })).status).toBe(403);
    expect((await say(low, `d:${low.id}:${high.id}`, { mode: 'none' })).status).toBe(200);
  });

  it(`are ${CONVERSATIONS_PER_USER} of a user at most`, async () => {
    const alice = newUser();
    const records = Array.from({ length: CONVERSATIONS_PER_USER }, (_, index) => ({
      _id: `r:${index + 1_000}:${alice.id}` as never,
      conversationId: `r:${index + 1_000}`,
      userId: alice.id,
      mode: 'none',
      at: new Date(0),
    }));
    await server.mongo.connection.collection('conversation_preferences').insertMany(records);
    expect(await say(alice, 'r:5', { mode: 'all' })).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT' } },
    });
    expect((await get(alice)).conversations).toHaveLength(CONVERSATIONS_PER_USER);
    // What was said before may still be changed.
    const { preferences } = server.context;
    const known = { conversationId: ConversationId.parse('r:1000'), mode: 'all' } as const;
    expect(await preferences.setConversation(alice.id, known, new Date())).toBe(true);
  });
});

describe('who can be rung by push now', () => {
  const reachable = async (...people: SignedIn[]) => {
    const reply = await server.bus.request('notification.reachable', { userIds: people.map(({ id }) => id) });
    return new Map(orThrow(reply).users.map(({ userId, dialects }) => [userId, [...dialects].sort()]));
  };

  it('is whoever has devices, in the vocabularies that they speak', async () => {
    const [alice, bob, carol] = [newUser(), newUser(), newUser()];
    const tablet = server.accounts.signIn(Number(alice.id));
    await server.ask('POST', '/api/v1/devices', alice, { kind: 'expo', token: expoToken() });
    await server.ask('POST', '/api/auth/expo-push-token', tablet, { token: expoToken() });
    await server.ask('POST', '/api/v1/devices', bob, { kind: 'expo', token: expoToken() });
    expect(await reachable(alice, bob, carol)).toEqual(
      new Map([
        [alice.id, ['expo', 'native']],
        [bob.id, ['native']],
      ]),
    );
    await server.accounts.logOut(bob);
    expect([...(await reachable(alice, bob)).keys()]).toEqual([alice.id]);
  });

  it('is nobody whose quiet hours silence calls', async () => {
    const [silent, ringing, awake] = [newUser(), newUser(), newUser()];
    for (const each of [silent, ringing, awake]) {
      await server.ask('POST', '/api/v1/devices', each, { kind: 'expo', token: expoToken() });
    }
    await put(silent, wishes);
    await put(ringing, { ...wishes, quietHours: { ...quietHours, calls: 'ring' } });
    await put(awake, { ...wishes, quietHours: { ...quietHours, from: '00:00' } });
    expect([...(await reachable(silent, ringing, awake)).keys()].sort()).toEqual(
      [ringing.id, awake.id].sort(),
    );
  });
});
