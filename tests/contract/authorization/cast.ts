import { createHmac } from 'node:crypto';
import { http } from '../../harness/http.ts';
import { logIn, type Person, register } from '../../harness/people.ts';
import type { Topology } from '../../harness/topology.ts';
import type { Actor } from './rows.ts';

/** The key that the server of these tests signs with, so that a token can be made to have expired. */
export const JWT_SECRET = 'the authorization matrix signs with this';

/** Somebody for every part, and one `other` whom all may write to or call. */
export type Cast = Readonly<Record<Exclude<Actor, 'anonymous'> | 'other', Person>>;

/** Those who have no part in any scene; the expired one's token is past its time, the banned one is banned. */
export type Outsiders = Pick<Cast, 'expired' | 'banned' | 'stranger' | 'admin'>;

export async function outsiders(topology: Topology, root: string): Promise<Outsiders> {
  const made = await Promise.all([
    register(topology, 'expired'),
    register(topology, 'banned'),
    register(topology, 'stranger'),
    register(topology, 'admin'),
  ]);
  const [expired, banned, stranger, admin] = made;
  const asRoot = async (method: string, path: string, body?: unknown): Promise<void> => {
    const options = { token: root, ...(body === undefined ? {} : { body }) };
    const { status } = await http(method, topology.url(0) + path, options);
    if (status !== 200) throw new Error(`${method} ${path}: ${status}`);
  };
  await asRoot('POST', `/admin/users/${banned.id}/ban`);
  await asRoot('PATCH', `/admin/users/${admin.id}`, { role: 'admin' });
  // The role is in the token, and whoever's role changes begins anew.
  Object.assign(admin, await logIn(topology, admin.username, admin.password));
  expired.token = withExpiry(expired.token, -60);
  return { expired, banned, stranger, admin };
}

/** A whole cast of fresh accounts, but for outsiders who may stand by more than once. */
export async function castFor(topology: Topology, strangers: Outsiders): Promise<Cast> {
  const [member, creator, caller, callee, other] = await Promise.all([
    register(topology, 'member'),
    register(topology, 'creator'),
    register(topology, 'caller'),
    register(topology, 'callee'),
    register(topology, 'other'),
  ]);
  return { ...strangers, member, creator, caller, callee, other };
}

/** The same token with another `exp`, signed as the server signs. */
export function withExpiry(token: string, secondsFromNow: number): string {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const exp = Math.floor(Date.now() / 1000) + secondsFromNow;
  const changed = Buffer.from(JSON.stringify({ ...claims, iat: exp - 3600, exp })).toString('base64url');
  const signature = createHmac('sha256', JWT_SECRET).update(`${header}.${changed}`).digest('base64url');
  return `${header}.${changed}.${signature}`;
}

/** The session that a token belongs to. */
export function sessionOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return String(claims.sid);
}
