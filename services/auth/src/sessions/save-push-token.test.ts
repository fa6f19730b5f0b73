import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  startTestAuth,
  startTestDatabase,
  type TestAuth,
  type TestDatabase,
} from '../testing/start-test-auth.ts';

let database: TestDatabase;
let auth: TestAuth;
beforeAll(async () => {
  database = await startTestDatabase();
  auth = await startTestAuth({ mongoUrl: database.fresh() });
});
afterAll(async () => {
  await auth?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const signIn = async (email: string): Promise<string> =>
  (await auth.http.post('/api/auth/login', { email, password: 'password123' })).body.token;
const save = (token: string, expoPushToken: string) =>
  auth.http.post('/api/auth/expo-push-token', { expoPushToken }, { token });
/** Whose sessions hold a token: user ids. */
const holders = async (expoPushToken: string) =>
  (await auth.mongo.connection.collection('sessions').find({ expoPushToken }).toArray()).map(
    ({ userId }) => userId,
  );

it('is the session’s: replaced by the next, gone with the log-out, and no other session loses its own', async () => {
  const [phone, tablet] = [await signIn('alice'), await signIn('alice')];
  await save(phone, 'ExponentPushToken[old]');
  expect((await save(phone, 'ExponentPushToken[phone]')).status).toBe(200);
  await save(tablet, 'ExponentPushToken[tablet]');
  expect(await holders('ExponentPushToken[old]')).toEqual([]);
  expect(await holders('ExponentPushToken[phone]')).toEqual([1]);
  expect((await auth.http.post('/auth/logout', undefined, { token: phone })).status).toBe(200);
  expect(await holders('ExponentPushToken[phone]')).toEqual([]);
  expect(await holders('ExponentPushToken[tablet]')).toEqual([1]);
  expect((await save(phone, 'ExponentPushToken[phone]')).status).toBe(401);
});

it('goes with the device to whoever signs in on it', async () => {
  const device = 'ExpoPushToken[shared]';
  await save(await signIn('alice'), device);
  await save(await signIn('bob'), device);
  expect(await holders(device)).toEqual([2]);
});

it.each([
  '',
  'ExponentPushToken[]',
  'ExponentPushToken[a b]',
  'nonsense',
  `ExponentPushToken[${'x'.repeat(300)}]`,
])('must look like one: %.30s', async (expoPushToken) => {
  const reply = await save(await signIn('alice'), expoPushToken);
  expect(reply).toMatchObject({ status: 400, body: { errors: [{ path: 'expoPushToken' }] } });
});
