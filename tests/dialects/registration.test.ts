import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { logIn } from '../harness/people.ts';
import { allInOne, type Topology } from '../harness/topology.ts';

describe.each([
  ['open', 201],
  ['invite', 403],
  ['closed', 403],
])('REGISTRATION=%s', (mode, withoutCode) => {
  let topology: Topology;
  let admin: string;
  beforeAll(async () => {
    topology = await allInOne({ REGISTRATION: mode });
    admin = (await logIn(topology)).token;
  });
  afterAll(() => topology?.[Symbol.asyncDispose]());

  const join = (username: string, invitationCode?: string) =>
    http('POST', `${topology.url(0)}/auth/register`, {
      body: { username, password: 'secret-1', ...(invitationCode ? { invitationCode } : {}) },
    });
  const invite = async () => {
    const reply = await http('POST', `${topology.url(0)}/admin/invitations/generate`, { token: admin });
    expect([reply.status, reply.body]).toEqual([
      201,
      { success: true, message: expect.any(String), code: expect.any(String), expiresAt: expect.any(String) },
    ]);
    return reply.body.code as string;
  };
  const shown = async (code: string, slash: '' | '/') => {
    const { status, body } = await http('GET', `${topology.url(0)}/admin/invitations${slash}`, {
      token: admin,
    });
    expect(status).toBe(200);
    return (body as { code: string }[]).find((invitation) => invitation.code === code);
  };

  it(`answers ${withoutCode} without a code, 400 {message} with one that is none`, async () => {
    const reply = await join(`stranger-${mode}`);
    expect([reply.status, reply.body]).toMatchObject([withoutCode, { message: expect.any(String) }]);
    expect(await join('guesser', 'no-such-code')).toMatchObject({
      status: 400,
      body: { message: expect.any(String) },
    });
  });

  it('honours a code once, for one of many at a time; a taken name does not burn it', async () => {
    const code = await invite();
    expect(await shown(code, '')).toMatchObject({ isUsed: false, usedBy: null, usedAt: null });
    expect((await join('root', code)).status).toBe(409);
    expect((await join('bad name', code)).status).toBe(400);
    expect(await shown(code, '/')).toMatchObject({ isUsed: false });
    const replies = await Promise.all(Array.from({ length: 10 }, (_, n) => join(`guest${n}`, code)));
    const made = replies.filter(({ status }) => status === 201);
    expect(made).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 400)).toHaveLength(9);
    expect(await shown(code, '/')).toEqual({
      _id: expect.any(String),
      code,
      isUsed: true,
      usedBy: made[0]?.body.user.id,
      usedAt: expect.any(String),
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect(await shown(code, '')).toEqual(await shown(code, '/'));
  });
});
