import { randomUUID } from 'node:crypto';
import {
  createManualClock,
  createMemoryBus,
  type ManualClock,
  type MemoryBus,
} from '@switchboard/engine-memory';
import {
  type DirectoryUser,
  type Identity,
  ok,
  type RequestPayload,
  type Result,
  reject,
  SessionId,
  UserId,
} from '@switchboard/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTokenKey, signAccessToken } from './access-token.ts';
import { createSessionVerifier, type SessionVerifier } from './session-verifier.ts';
import { createUserDirectory, type UserDirectory } from './user-directory.ts';

const key = createTokenKey('0f9a7c51d2e84b36a1c0d9e8f7b6a5c4');
const alice = UserId.parse('1');
const bob = UserId.parse('2');

let clock: ManualClock;
let bus: MemoryBus;
beforeEach(() => {
  clock = createManualClock();
  bus = createMemoryBus({ clock });
});
afterEach(() => bus.close());

describe('session verifier', () => {
  type Check = RequestPayload<'auth.session.check'>;
  let verifier: SessionVerifier & AsyncDisposable;
  let asked: Check[];
  let answer: (check: Check) => Result<Identity> | Promise<Result<Identity>>;
  let serving: AsyncDisposable;

  const identityOf = ({ userId, sessionId }: Check): Identity => ({
    id: userId,
    username: 'alice',
    name: 'Alice',
    email: null,
    role: 'user',
    sessionId,
  });
  const session = (userId = alice) => {
    const sid = SessionId.parse(randomUUID());
    const subject = { sub: userId, username: 'alice', role: 'user' as const, sid };
    return { sid, token: signAccessToken(key, subject, 3_600_000, clock.now()) };
  };

  beforeEach(async () => {
    asked = [];
    answer = (check) => ok(identityOf(check));
    serving = await bus.serve('auth.session.check', async (check) => {
      asked.push(check);
      return answer(check);
    });
    verifier = createSessionVerifier({ key, bus, clock });
    await clock.advance(0);
  });
  afterEach(() => verifier[Symbol.asyncDispose]());

  it('asks the owner of sessions once, then remembers for a while', async () => {
    const { sid, token } = session();
    const expected = ok(identityOf({ userId: alice, sessionId: sid }));
    expect(await verifier.verify(token)).toEqual(expected);
    await clock.advance(4_999);
    expect(await verifier.verify(token)).toEqual(expected);
    expect(asked).toEqual([{ userId: alice, sessionId: sid }]);
    await clock.advance(1);
    await verifier.verify(token);
    expect(asked).toHaveLength(2);
  });

  it('asks once for many who ask at the same time', async () => {
    const { token } = session();
    await Promise.all(Array.from({ length: 50 }, () => verifier.verify(token)));
    expect(asked).toHaveLength(1);
  });

  it('asks nobody about a token that is not ours', async () => {
    expect(await verifier.verify('rubbish')).toMatchObject({ error: { detail: 'bad_token' } });
    expect(await verifier.verify(undefined)).toMatchObject({ error: { detail: 'missing_token' } });
    expect(asked).toHaveLength(0);
  });

  it('looks at the expiry of the token, remembered or not', async () => {
    const subject = { sub: alice, username: 'alice', role: 'user' as const, sid: session().sid };
    const token = signAccessToken(key, subject, 2_000, clock.now());
    expect((await verifier.verify(token)).ok).toBe(true);
    await clock.advance(2_000);
    expect(await verifier.verify(token)).toMatchObject({ error: { detail: 'expired_token' } });
  });

  it.each(['revoked_session', 'user_banned', 'user_deleted'] as const)('passes on %s', async (detail) => {
    answer = () => reject('UNAUTHORIZED', 'no', { detail });
    const { token } = session();
    expect(await verifier.verify(token)).toMatchObject({ error: { code: 'UNAUTHORIZED', detail } });
  });

  it('refuses an answer about somebody else', async () => {
    answer = (check) => ok({ ...identityOf(check), id: bob });
    expect(await verifier.verify(session().token)).toMatchObject({ error: { detail: 'bad_token' } });
  });

  it('forgets a session that is revoked, and leaves the others', async () => {
    const [one, two] = [session(), session()];
    await verifier.verify(one.token);
    await verifier.verify(two.token);
    answer = () => reject('UNAUTHORIZED', 'over', { detail: 'revoked_session' });
    await bus.notify({ type: 'session.revoked', userId: alice, sessionId: one.sid, reason: 'logout' });
    await clock.advance(0);
    expect((await verifier.verify(one.token)).ok).toBe(false);
    expect((await verifier.verify(two.token)).ok).toBe(true);
  });

  it.each([
    { type: 'session.revoked', userId: alice, reason: 'banned' },
    { type: 'user.changed', userId: alice },
  ] as const)('forgets every session of a user on %j', async (notice) => {
    const [one, two, other] = [session(), session(), session(bob)];
    for (const { token } of [one, two, other]) await verifier.verify(token);
    await bus.notify(notice);
    await clock.advance(0);
    asked = [];
    for (const { token } of [one, two, other]) await verifier.verify(token);
    expect(asked.map(({ sessionId }) => sessionId)).toEqual([one.sid, two.sid]);
  });

  it('does not remember an answer that a notice overtook', async () => {
    const { sid, token } = session();
    let release: () => void = () => undefined;
    answer = async (check) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return ok(identityOf(check));
    };
    const early = verifier.verify(token);
    await clock.advance(0);
    await bus.notify({ type: 'session.revoked', userId: alice, sessionId: sid, reason: 'logout' });
    await clock.advance(0);
    release();
    expect((await early).ok).toBe(true);
    answer = () => reject('UNAUTHORIZED', 'over', { detail: 'revoked_session' });
    expect((await verifier.verify(token)).ok).toBe(false);
  });

  it('says "try again" while nobody knows, and does not remember that', async () => {
    const { token } = session();
    await serving[Symbol.asyncDispose]();
    expect(await verifier.verify(token)).toMatchObject({
      ok: false,
      error: { code: 'SERVICE_UNAVAILABLE', retryable: true },
    });
    await bus.serve('auth.session.check', async (check) => ok(identityOf(check)));
    expect((await verifier.verify(token)).ok).toBe(true);
  });

  it('remembers no more sessions than it may', async () => {
    await using(createSessionVerifier({ key, bus, clock, max: 2 }), async (small) => {
      const sessions = [session(), session(), session()];
      await clock.advance(0);
      for (const { token } of sessions) await small.verify(token);
      asked = [];
      await small.verify(sessions[2]?.token);
      await small.verify(sessions[0]?.token);
      expect(asked.map(({ sessionId }) => sessionId)).toEqual([sessions[0]?.sid]);
    });
  });

  it('gives nobody the object that it remembers', async () => {
    const { token } = session();
    const first = await verifier.verify(token);
    if (first.ok) first.value.role = 'admin';
    expect(await verifier.verify(token)).toMatchObject({ value: { role: 'user' } });
  });

  it('remembers nothing while it cannot hear of changes', async () => {
    const deaf = { ...bus, listen: () => Promise.reject(new Error('away')) };
    await using(createSessionVerifier({ key, bus: deaf, clock }), async (careful) => {
      const { token } = session();
      await careful.verify(token);
      await careful.verify(token);
      expect(asked).toHaveLength(2);
    });
  });
});

describe('user directory', () => {
  let directory: UserDirectory;
  let asked: UserId[][];
  let names: Map<UserId, string>;

  const userOf = (id: UserId): DirectoryUser => ({
    id,
    username: `user${id}`,
    name: names.get(id) ?? `User ${id}`,
    email: null,
    status: 'active',
    role: 'user',
    createdAt: '2026-01-01T00:00:00.000Z',
  });

  beforeEach(async () => {
    asked = [];
    names = new Map();
    await bus.serve('auth.users.get', async ({ userIds }) => {
      asked.push(userIds);
      return ok({ users: userIds.filter((id) => Number(id) < 1_000).map(userOf) });
    });
    directory = createUserDirectory({ bus, clock, cacheMs: 10_000 });
    await clock.advance(0);
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  it('asks together for what is asked in one turn, and each user once', async () => {
    const [one, many] = await Promise.all([directory.get(alice), directory.many([alice, bob, alice])]);
    expect(one).toEqual(userOf(alice));
    expect([...many.keys()]).toEqual([alice, bob]);
    expect(asked).toEqual([[alice, bob]]);
    await directory.many([bob, alice]);
    expect(asked).toHaveLength(1);
  });

  it('asks for no more than 200 at a time', async () => {
    const ids = Array.from({ length: 450 }, (_, at) => UserId.parse(String(at + 1)));
    expect((await directory.many(ids)).size).toBe(450);
    expect(asked.map((batch) => batch.length)).toEqual([200, 200, 50]);
  });

  it('leaves out whom nobody knows', async () => {
    const nobody = UserId.parse('4711');
    expect(await directory.get(nobody)).toBeUndefined();
    expect([...(await directory.many([nobody, bob])).keys()]).toEqual([bob]);
  });

  it('forgets with time and on notice', async () => {
    await directory.many([alice, bob]);
    names.set(alice, 'Alice Cooper');
    await bus.notify({ type: 'user.changed', userId: alice });
    await clock.advance(0);
    expect((await directory.get(alice))?.name).toBe('Alice Cooper');
    await directory.get(bob);
    expect(asked).toHaveLength(2);
    await clock.advance(10_000);
    await directory.get(bob);
    expect(asked).toHaveLength(3);
  });

  it('fails as retryable while nobody answers', async () => {
    const lonely = createMemoryBus({ clock });
    await using(createUserDirectory({ bus: lonely, clock }), async (alone) => {
      await expect(alone.get(alice)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
    });
    await lonely.close();
  });
});

async function using<T extends AsyncDisposable>(
  resource: T,
  work: (resource: T) => Promise<void>,
): Promise<void> {
  try {
    await work(resource);
  } finally {
    await resource[Symbol.asyncDispose]();
  }
}
