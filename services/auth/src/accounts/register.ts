import { ok, type Result } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { emailTaken, usernameTaken } from '../refusals.ts';
import { openSession, type SignedIn } from '../sessions/open-session.ts';
import { stored } from '../store/stored.ts';
import { admit } from './admission.ts';
import { createAccount } from './create-account.ts';
import { identifierKey } from './find-account.ts';
import { checkUsername } from './username.ts';

export interface Registration {
  readonly username: string;
  readonly password: string;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly invitationCode?: string | undefined;
}

/** Makes an account and signs in. */
export async function register(
  context: AuthContext,
  registration: Registration,
  client: Client,
): Promise<Result<SignedIn>> {
  const { username, password, email, name, invitationCode } = registration;
  const admitted = await admit(context, invitationCode);
  if (!admitted.ok) return admitted;
  const wellFormed = checkUsername(username);
  if (!wellFormed.ok) return wellFormed;
  // Only spares the hash and a number of the sequence; the decision is the unique index's.
  const free = await checkFree(context, username, email);
  if (!free.ok) return free;

  const hashed = await context.registrations.run(client.ip, () => context.passwords.hash(password));
  if (!hashed.ok) return hashed;
  const created = await createAccount(context, {
    username,
    email,
    name,
    passwordHash: hashed.value,
    role: 'user',
    invitationId: admitted.value,
  });
  if (!created.ok) return created;
  const id = created.value._id;
  const session = await openSession(context, created.value, client);
  context.audit.record({
    action: 'account.registered',
    actorId: id,
    subjectId: id,
    sessionId: session.sessionId,
    ...client,
  });
  return ok(session);
}

async function checkFree(
  context: AuthContext,
  username: string,
  email: string | undefined,
): Promise<Result<void>> {
  const [sameName, sameEmail] = await stored(() =>
    Promise.all([
      context.users.exists({ usernameKey: identifierKey(username) }),
      email === undefined ? null : context.users.exists({ email: identifierKey(email) }),
    ]),
  );
  if (sameName) return usernameTaken();
  return sameEmail ? emailTaken() : ok(undefined);
}
