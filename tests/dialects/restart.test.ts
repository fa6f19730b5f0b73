import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../harness/event-log.ts';
import { http } from '../harness/http.ts';
import { logIn, register, Stage } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

let topology: Topology;
beforeAll(async () => {
  topology = await allInOne({ REGISTRATION: 'invite', RATE_LIMIT_MESSAGES: 'off' });
});
afterAll(() => topology?.[Symbol.asyncDispose]());

const ask = (method: string, path: string, token?: string, body?: unknown) =>
  http(method, topology.url(0) + path, {
    ...(token ? { token } : {}),
    ...(body === undefined ? {} : { body }),
  });

describe('after a crash', () => {
  it('accounts, sessions, bans, roles, invitations and receipts are as they were; open sockets come back by themselves', async () => {
    let admin = await logIn(topology);
    const invite = async () =>
      (await ask('POST', '/admin/invitations/generate', admin.token)).body.code as string;
    const member = async (name: string) => {
      const username = `${name}-of-restart`;
      const body = { username, password: 'secret-1', name, invitationCode: await invite() };
      const made = await ask('POST', '/auth/register', undefined, body);
      expect(made.status).toBe(201);
      return {
        id: made.body.user.id as string,
        username,
        password: 'secret-1',
        email: '',
        name,
        token: made.body.accessToken as string,
        refreshToken: made.body.refreshToken as string,
      };
    };
    const [alice, bob, mallory] = [await member('Alice'), await member('Bob'), await member('Mallory')];
    await using stage = new Stage(topology);
    const [a, b] = [await stage.jitsi(alice), await stage.peer(bob)];
    const jitsiBob = await stage.jitsi(bob);
    const sent = await a.ask('message', { to: bob.id, content: 'before' });
    const { id } = sent.message as { id: string };
    expect(await jitsiBob.ask('message:read', { messageId: id })).toMatchObject({ ok: true });
    await ask('POST', `/admin/users/${mallory.id}/ban`, admin.token);
    await ask('PATCH', `/admin/users/${bob.id}`, admin.token, { role: 'admin' });
    const open = await invite();
    const left = await logIn(topology, alice.username, alice.password);
    await ask('POST', '/auth/logout', left.token, {});
    const rotated = (await ask('POST', '/auth/refresh', undefined, { refreshToken: alice.refreshToken }))
      .body;

    const greeted = b.log.count('users');
    await topology.crash();

    for (const token of [alice.token, rotated.accessToken]) {
      expect((await ask('GET', '/auth/verify', token)).status).toBe(200);
    }
    expect((await ask('GET', '/auth/verify', left.token)).status).toBe(401);
    expect(
      (await ask('POST', '/auth/refresh', undefined, { refreshToken: rotated.refreshToken })).status,
    ).toBe(200);
    expect((await ask('GET', '/auth/verify', mallory.token)).status).toBe(401);
    const { username, password } = mallory;
    expect((await ask('POST', '/auth/login', undefined, { username, password })).status).toBe(403);
    admin = await logIn(topology, bob.username, bob.password);
    const { body: invitations } = await ask('GET', '/admin/invitations/', admin.token);
    expect(invitations.filter(({ isUsed }: { isUsed: boolean }) => isUsed)).toHaveLength(3);
    const late = { username: 'late-of-restart', password: 'secret-1', invitationCode: open };
    const joined = await ask('POST', '/auth/register', undefined, late);
    expect(joined.status).toBe(201);
    // Ids go on where they were.
    expect(Number(joined.body.user.id)).toBeGreaterThan(Number(mallory.id));
    const { body: history } = await ask('GET', `/api/messages?with=${bob.id}`, alice.token);
    expect(history.messages).toMatchObject([{ id, content: 'before', readBy: [bob.id] }]);

    // The peer client shows its token whenever it connects; the jitsi one has to join again, as the document has it.
    await until('the peer client is greeted again', () => b.log.count('users') > greeted, 8000);
    a.send('join', { userId: alice.id, token: alice.token });
    expect(await a.log.next('connected', () => true, 8000)).toMatchObject({ userId: alice.id });
    expect(await a.ask('message', { to: bob.id, content: 'after' })).toMatchObject({ ok: true });
  });

  it('an account made by hand of the harness needs a code here', async () => {
    await expect(register(topology, 'stranger')).rejects.toThrow(/403/);
  });
});
