import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '@switchboard/embedded-mongo';
import { externalMongo } from '@switchboard/embedded-mongo/testing';
import { expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestAuth } from '../testing/start-test-auth.ts';

// It stops the database and starts it again, which only the embedded one lets it.
it.skipIf(externalMongo)(
  'a database that goes away is a retryable 503, and all is well when it is back',
  {
    timeout: 60_000,
  },
  async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-outage-'));
    const first = await startEmbeddedMongo({ dataDir });
    try {
      await using auth = await startTestAuth({ mongoUrl: first.url });
      const { body } = await auth.http.post('/auth/login', { username: 'alice', password: 'password123' });
      await first[Symbol.asyncDispose]();

      const replies = await Promise.all([
        auth.http.post('/auth/login', { username: 'alice', password: 'password123' }),
        auth.http.post('/api/v1/auth/refresh', { refreshToken: body.refreshToken }),
        auth.http.get('/api/v1/me', { token: body.accessToken }),
        auth.http.post('/auth/register', { username: 'late', password: 'password-1' }),
      ]);
      expect(replies.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
      expect((await auth.http.get('/readyz')).status).toBe(503);

      await using _again = await startEmbeddedMongo({ dataDir, port: first.port });
      await eventually(async () => (await auth.http.get('/readyz')).status === 200, 30_000);
      const refreshed = await auth.http.post('/auth/refresh', { refreshToken: body.refreshToken });
      expect(refreshed.status).toBe(200);
      expect(
        (await auth.http.post('/auth/register', { username: 'late', password: 'password-1' })).status,
      ).toBe(201);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
);
