import type { AuthContext } from '../context.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';

/** No username holds an @, so an identifier is one or the other, and either is one look-up. */
export async function findAccount(
  context: Pick<AuthContext, 'users'>,
  identifier: string,
): Promise<UserDoc | null> {
  const key = identifierKey(identifier);
  return stored(() =>
    context.users.findOne(key.includes('@') ? { email: key } : { usernameKey: key }).lean<UserDoc>(),
  );
}

/** Case does not tell accounts apart. */
export function identifierKey(identifier: string): string {
  return identifier.trim().toLowerCase();
}
