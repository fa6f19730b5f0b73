import { randomUUID } from 'node:crypto';
import { http } from '../../harness/http.ts';

export interface Account {
  readonly id: string;
  readonly token: string;
  /** Signs in once more, as on another device; gives that session's token. */
  signIn(): Promise<string>;
}

const ABREAST = 4;

/** New users; a few at a time, for each costs a password hash. */
export async function makeAccounts(url: string, count: number): Promise<Account[]> {
  const accounts: Account[] = [];
  while (accounts.length < count) {
    const some = Array.from({ length: Math.min(ABREAST, count - accounts.length) }, () => makeAccount(url));
    accounts.push(...(await Promise.all(some)));
  }
  return accounts;
}

async function makeAccount(url: string): Promise<Account> {
  const username = `load-${randomUUID().slice(0, 12)}`;
  const password = `pw-${randomUUID()}`;
  const body = { username, password, name: username };
  const reply = await http('POST', `${url}/api/v1/auth/register`, { body });
  if (reply.status !== 201) throw new Error(`register: ${reply.status}`);
  return {
    id: reply.body.user.id,
    token: reply.body.accessToken,
    async signIn() {
      const again = await http('POST', `${url}/api/v1/auth/login`, { body: { username, password } });
      if (again.status !== 200) throw new Error(`sign in: ${again.status}`);
      return again.body.accessToken;
    },
  };
}

/** As the protocol names the conversation of two. */
export function directId(a: Account, b: Account): string {
  const [low, high] = Number(a.id) < Number(b.id) ? [a.id, b.id] : [b.id, a.id];
  return `d:${low}:${high}`;
}
