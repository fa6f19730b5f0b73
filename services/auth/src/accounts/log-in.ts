import { ok, type Result } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { badCredentials, bannedAtLogin } from '../refusals.ts';
import { openSession, type SignedIn } from '../sessions/open-session.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { findAccount } from './find-account.ts';
import { type LoginLimit, loginLimit } from './login-limit.ts';

export interface Credentials {
  /** Username or e-mail address. */
  readonly identifier: string;
  readonly password: string;
}

/**
 * Starts a session for whoever knows the password. An unknown identifier costs the same look-ups, the same hash and gets the same
 * answer as a wrong password.
 */
export async function logIn(
  context: AuthContext,
  { identifier, password }: Credentials,
  client: Client,
): Promise<Result<SignedIn>> {
  const user = await findAccount(context, identifier);
  const limit = loginLimit(context, user ? { userId: user._id } : { identifier }, client);
  const free = await limit.check();
  if (!free.ok) return free;

  const right = await context.passwords.verify(password, user?.passwordHash);
  if (!user || !right) return failed(context, limit, user, client);
  // Guesses sent at once must not learn more than guesses sent one by one: the failures counted meanwhile count.
  const stillFree = await limit.check();
  if (!stillFree.ok) return stillFree;
  const subject = { subjectId: user._id, ...client };
  if (user.status === 'banned') {
    context.audit.record({ action: 'login.refused', detail: 'user_banned', ...subject });
    return bannedAtLogin();
  }

  const [session] = await Promise.all([
    openSession(context, user, client),
    limit.forget(),
    noteLogin(context, user, password),
  ]);
  context.audit.record({
    action: 'login.succeeded',
    actorId: user._id,
    sessionId: session.sessionId,
    ...subject,
  });
  return ok(session);
}

async function failed(
  context: AuthContext,
  limit: LoginLimit,
  user: UserDoc | null,
  client: Client,
): Promise<Result<never>> {
  const counted = await limit.fail();
  const subject = { ...(user ? { subjectId: user._id } : {}), ...client };
  if (!counted.ok) return counted;
  context.audit.record({ action: 'login.failed', ...subject });
  // Once a window, not with every attempt that it refuses: otherwise whoever is refused fills the log.
  if (counted.value.last) context.audit.record({ action: 'login.limited', ...subject });
  return badCredentials();
}

/** Also brings a hash made with another work factor to the one in force, while the password is at hand. */
async function noteLogin(context: AuthContext, user: UserDoc, password: string): Promise<void> {
  const { passwordHash } = user;
  if (passwordHash === undefined) return;
  const outdated = context.passwords.outdated(passwordHash);
  const rehashed = outdated ? { passwordHash: await context.passwords.hash(password) } : {};
  // Conditional on the hash that was checked, so that it never undoes a change of password.
  await stored(() =>
    context.users.updateOne(
      { _id: user._id, passwordHash },
      { $set: { lastLoginAt: new Date(context.clock.now()), ...rehashed } },
    ),
  );
}
