import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';

const main = fileURLToPath(new URL('../../services/all-in-one/dist/main.js', import.meta.url));

/** The built all-in-one as its own process, limits off, on a fresh data folder. */
export async function startTarget(): Promise<{ url: string; pid: number; stop(): Promise<void> }> {
  const data = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: data,
      LOG_LEVEL: 'error',
      SEED_DEMO: 'false',
      // Accounts are made for the measurement; their passwords guard nothing.
      BCRYPT_COST: '4',
      RATE_LIMIT_MESSAGES: 'off',
      RATE_LIMIT_CALLS: 'off',
      SOCKET_EVENT_RATE: 'off',
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: randomUUID(),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /ready at (http:\S+)/.exec(output)?.[1];
      if (ready) resolve(ready);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await rm(data, { recursive: true, force: true });
    },
  };
}

export interface Account {
  readonly id: string;
  readonly token: string;
}

export async function signUpPair(url: string): Promise<[Account, Account]> {
  const signUp = async (): Promise<Account> => {
    const reply = await fetch(`${url}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: `bench-${randomUUID().slice(0, 8)}`, password: randomUUID() }),
    });
    const body = (await reply.json()) as { user: { id: string }; accessToken: string };
    return { id: body.user.id, token: body.accessToken };
  };
  return [await signUp(), await signUp()];
}

export async function connect(url: string, account: Account): Promise<Socket> {
  const socket = io(url, {
    forceNew: true,
    transports: ['websocket'],
    auth: { token: account.token, dialect: 'native' },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('session.connected', () => resolve());
    socket.once('connect_error', reject);
  });
  return socket;
}
