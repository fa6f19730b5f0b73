import { randomBytes } from 'node:crypto';
import type { ManagedAccount } from '@switchboard/dialects';
import { ok, type Result, unavailable } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { emailTaken } from '../refusals.ts';
import { stored } from '../store/stored.ts';
import { admit } from './admission.ts';
import { createAccount } from './create-account.ts';
import { directoryUser } from './directory-user.ts';
import { identifierKey } from './find-account.ts';

export interface EmailRegistration {
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly invitationCode?: string | undefined;
}

/** How often another username is tried when somebody took the last one meanwhile. */
const ATTEMPTS = 10;

/** Makes an account for who is known by an e-mail address, under a username derived from it, and does not sign in. */
export async function registerByEmail(
  context: AuthContext,
  { email, name, password, invitationCode }: EmailRegistration,
  client: Client,
): Promise<Result<ManagedAccount>> {
  const admitted = await admit(context, invitationCode);
  if (!admitted.ok) return admitted;
  // Only spares the hash and a number of the sequence; the decision is the unique index's.
  if (await isEmailTaken(context, email)) return emailTaken();
  const hashed = await context.registrations.run(client.ip, () => context.passwords.hash(password));
  if (!hashed.ok) return hashed;
  const id = await context.nextUserId();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const created = await createAccount(context, {
      id,
      username: await freeUsername(context, email),
      email,
      name,
      passwordHash: hashed.value,
      role: 'user',
      invitationId: admitted.value,
    });
    if (created.ok) {
      context.audit.record({ action: 'account.registered', actorId: id, subjectId: id, ...client });
      return ok(directoryUser(created.value));
    }
    if (created.error.detail !== 'username_taken') return created;
  }
  throw unavailable('Registration');
}

export async function isEmailTaken(context: Pick<AuthContext, 'users'>, email: string): Promise<boolean> {
  return (await stored(() => context.users.exists({ email: identifierKey(email) }))) !== null;
}

/** The part of the address before the @, with a few random characters behind it once somebody has that. */
async function freeUsername(context: Pick<AuthContext, 'users'>, email: string): Promise<string> {
  const base = (email.split('@', 1)[0] ?? '').replace(/[^\w.-]+/g, '-').slice(0, 48) || 'user';
  const taken = await stored(() => context.users.exists({ usernameKey: identifierKey(base) }));
  return taken === null ? base : `${base}-${randomBytes(4).toString('hex')}`;
}
