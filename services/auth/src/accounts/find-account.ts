import { mongoFault } from '@switchboard/service-kit';
import type { AuthContext } from '../context.ts';
import type { UserDoc } from '../store/users.ts';

/** No username holds an @, so an identifier is one or the other, and either is one look-up. */
export async function findAccount(context: AuthContext, identifier: string): Promise<UserDoc | null> {
  const key = identifierKey(identifier);
  try {
    return await context.users
      .findOne(key.includes('@') ? { email: key } : { usernameKey: key })
      .lean<UserDoc>();
  } catch (cause) {
    throw mongoFault(cause);
  }
}

/** Case does not tell accounts apart. */
export function identifierKey(identifier: string): string {
  return identifier.trim().toLowerCase();
}
