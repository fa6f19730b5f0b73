import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { http } from '../harness/http.ts';
import { freePort, startServer, temporaryFolder } from '../harness/server-process.ts';
import { SocketClient } from '../harness/socket-client.ts';

const DEMO = { username: 'alice', password: 'password123' };

async function logIn(url: string, body: object = DEMO) {
  return http('POST', `${url}/api/auth/login`, { body });
}

describe('the all-in-one as a process', () => {
  it('seeds alice as 1 and bob as 2, keeps messages over SIGTERM and SIGKILL', async () => {
    const data = await temporaryFolder();
    const env = { DATA_DIR: data.path, PORT: '0' };
    try {
      const first = await startServer({ ...env, BCRYPT_COST: '10' });
      expect(first.output()).toContain('alice / password123');
      expect(first.output()).toMatch(/curl -s http/);
      const alice = (await logIn(first.url)).body;
      const bob = (await logIn(first.url, { email: 'bob@example.com', password: 'password123' })).body;
      expect([alice.user.id, bob.user.id]).toEqual(['1', '2']);
      const sent = await http('POST', `${first.url}/api/messages`, {
        token: alice.accessToken,
        body: { receiverId: '2', content: 'kept', type: 'text' },
      });
      expect(sent.body.success).toBe(true);
      expect(await first.stop('SIGTERM')).toBe(0);

      const second = await startServer(env);
      const again = await http('POST', `${second.url}/api/messages`, {
        token: alice.accessToken,
        body: { receiverId: '2', content: 'kept, too', type: 'text' },
      });
      expect(again.body.success).toBe(true);
      expect(await second.stop('SIGKILL')).toBe('SIGKILL');

      const third = await startServer(env);
      const shown = await http('GET', `${third.url}/api/messages`, { token: bob.accessToken });
      expect(shown.body.messages.map((m: { content: string }) => m.content).sort()).toEqual([
        'kept',
        'kept, too',
      ]);
      expect((await logIn(third.url)).status).toBe(200);
      expect(await third.stop('SIGINT')).toBe(0);
    } finally {
      await data.remove();
    }
  });

  it('leaves nothing behind on Ctrl-C, with sockets open', async () => {
    const data = await temporaryFolder();
    const server = await startServer({ DATA_DIR: data.path, PORT: '0' });
    try {
      const { accessToken } = (await logIn(server.url)).body;
      const client = await SocketClient.open('alice', server.url, {
        auth: { token: accessToken },
        reconnection: false,
      });
      const left = new Promise((resolve) => client.socket.once('disconnect', resolve));
      expect(await server.stop('SIGINT')).toBe(0);
      await left;
      await expect(fetch(server.url)).rejects.toThrow();
      // The process is gone, and so is everything it started.
      expect(existsSync(`/proc/${server.pid}`)).toBe(false);
      expect(
        readdirSync(data.path).filter((name) => name.endsWith('.lock') || name.endsWith('.pid')),
      ).toEqual([]);
    } finally {
      await data.remove();
    }
  });

  it('says which address is taken instead of a stack trace', async () => {
    const data = await temporaryFolder();
    const other = await temporaryFolder();
    const port = String(await freePort());
    const server = await startServer({ DATA_DIR: data.path, PORT: port });
    try {
      await expect(startServer({ DATA_DIR: other.path, PORT: port })).rejects.toThrow(
        new RegExp(`PORT|${port}`),
      );
      await expect(startServer({ DATA_DIR: data.path, PORT: '0' })).rejects.toThrow(
        /DATA_DIR|already|in use/i,
      );
      expect((await http('GET', `${server.url}/readyz`)).status).toBe(200);
    } finally {
      await server.stop('SIGTERM');
      await data.remove();
      await other.remove();
    }
  });

  it.each([
    ['half a cluster', { REDIS_URL: 'redis://127.0.0.1:1' }, /REDIS_URL/],
    ['a database alone', { MONGO_URL: 'mongodb://127.0.0.1:1' }, /MONGO_URL/],
    ['production without a secret', { NODE_ENV: 'production' }, /JWT_SECRET/],
    ['several mistakes at once', { PORT: 'lots', RATE_LIMIT_LOGIN: 'often' }, /PORT[\s\S]*RATE_LIMIT_LOGIN/],
  ])('refuses %s with one clear message', async (_, env, message) => {
    const data = await temporaryFolder();
    try {
      const refusal = startServer({ DATA_DIR: data.path, PORT: '0', ...env });
      await expect(refusal).rejects.toThrow(message);
      await expect(refusal).rejects.not.toThrow(/\n\s+at /);
    } finally {
      await data.remove();
    }
  });

  it('makes no demo users in production', async () => {
    const data = await temporaryFolder();
    const server = await startServer({
      DATA_DIR: data.path,
      PORT: '0',
      NODE_ENV: 'production',
      JWT_SECRET: 'k'.repeat(64),
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: 'correct horse battery',
    });
    try {
      expect((await logIn(server.url)).status).toBe(401);
      expect((await logIn(server.url, { username: 'root', password: 'correct horse battery' })).status).toBe(
        200,
      );
      expect(server.output()).not.toContain('correct horse');
    } finally {
      await server.stop('SIGTERM');
      await data.remove();
    }
  });
});
