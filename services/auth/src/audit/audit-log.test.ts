import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditDoc, Audits } from '../store/audit.ts';
import { eventually } from '../testing/eventually.ts';
import {
  ADMIN_PASSWORD,
  logger,
  manualClock,
  startTestAuth,
  startTestDatabase,
  type TestDatabase,
} from '../testing/start-test-auth.ts';
import { createAuditLog } from './audit-log.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(async () => {
  await database?.[Symbol.asyncDispose]();
});

describe('the audit log', () => {
  it('says who did what to whom, from where and when, and no secret', async () => {
    await using auth = await startTestAuth({
      mongoUrl: database.fresh(),
      env: { RATE_LIMIT_LOGIN: '2/15m', TRUST_PROXY: 'true' },
    });
    const headers = { 'x-forwarded-for': '10.1.2.3', 'user-agent': 'test-agent' };
    const logIn = async (username: string, password: string) =>
      (await auth.http.post('/auth/login', { username, password }, { headers })).body;
    const bob = await logIn('bob', 'password123');
    const admin = await logIn('admin', ADMIN_PASSWORD);
    const { body: invitation } = await auth.http.post(
      '/admin/invitations/generate',
      {},
      { token: admin.accessToken, headers },
    );
    await auth.http.post('/auth/logout', undefined, { token: bob.accessToken, headers });
    await auth.http.post('/admin/users/2/ban', {}, { token: admin.accessToken, headers });
    for (let n = 0; n < 4; n += 1) await logIn('alice', `hunter-${n}`);

    const entries = auth.mongo.connection.collection<AuditDoc>('audit');
    const found = await eventually(async () => {
      const all = await entries
        .find({ ip: { $exists: true } })
        .sort({ at: 1 })
        .toArray();
      return all.length >= 8 ? all : undefined;
    });
    const brief = found.map(({ action, actorId, subjectId }) => [action, actorId, subjectId]);
    expect(brief).toEqual([
      ['login.succeeded', 2, 2],
      ['login.succeeded', 3, 3],
      ['invitation.created', 3, undefined],
      ['session.logged_out', 2, 2],
      ['account.banned', 3, 2],
      ['login.failed', undefined, 1],
      ['login.failed', undefined, 1],
      ['login.limited', undefined, 1],
    ]);
    for (const entry of found) {
      expect(entry).toMatchObject({ ip: '10.1.2.3', userAgent: 'test-agent', at: expect.any(Date) });
      expect(entry.expiresAt.getTime() - entry.at.getTime()).toBe(90 * 24 * 3600_000);
    }
    const text = JSON.stringify(found);
    for (const secret of [
      'hunter',
      'password123',
      ADMIN_PASSWORD,
      invitation.code,
      bob.accessToken,
      bob.refreshToken,
    ]) {
      expect(text).not.toContain(secret);
    }
    const indexes = await entries.indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }));
  });

  it('writes what one moment recorded at once, and outlives a store that is away', async () => {
    const batches: number[] = [];
    let away = true;
    const audits = {
      insertMany: async (entries: AuditDoc[]) => {
        batches.push(entries.length);
        if (away) throw new Error('away');
      },
    } as unknown as Audits;
    const log = createAuditLog({ audits, clock: manualClock(), logger, retentionMs: 1_000 });
    for (let n = 0; n < 600; n += 1) log.record({ action: 'login.failed' });
    await log.settled();
    away = false;
    log.record({ action: 'login.failed' });
    await log.settled();
    expect(batches).toEqual([500, 100, 1]);
  });

  it('holds no more than it may while the store hangs', async () => {
    let release: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    let stored = 0;
    const audits = {
      insertMany: async (entries: AuditDoc[]) => {
        await hanging;
        stored += entries.length;
      },
    } as unknown as Audits;
    const log = createAuditLog({ audits, clock: manualClock(), logger, retentionMs: 1_000 });
    for (let n = 0; n < 20_000; n += 1) log.record({ action: 'login.failed' });
    release();
    await log.settled();
    expect(stored).toBe(10_000);
  });
});
