import type { ManagedAccount } from '@switchboard/dialects';
import { type Identity, ok, type Result } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../refusals.ts';
import { searchKeys } from '../store/search-keys.ts';
import type { UserDoc } from '../store/users.ts';
import { type AccountChange, changeAccount, readAccount } from './change-account.ts';
import { directoryUser } from './directory-user.ts';
import { identifierKey } from './find-account.ts';

export interface ProfileChange {
  readonly name?: string | undefined;
  /** null takes the address away. */
  readonly email?: string | null | undefined;
}

export async function ownProfile(context: AuthContext, actor: Identity): Promise<Result<ManagedAccount>> {
  const user = await readAccount(context, Number(actor.id));
  return user && user.status !== 'deleted' ? ok(directoryUser(user)) : userNotFound();
}

/** Changes what is given. Refused with email_taken when another account has the address. */
export async function changeProfile(
  context: AuthContext,
  actor: Identity,
  change: ProfileChange,
  client: Client,
): Promise<Result<ManagedAccount>> {
  const id = Number(actor.id);
  const changed = await changeAccount(context, id, (user) => ok(difference(user, change)));
  if (!changed.ok) return changed;
  context.audit.record({ action: 'account.updated', actorId: id, subjectId: id, ...client });
  return ok(directoryUser(changed.value));
}

function difference(user: UserDoc, { name, email }: ProfileChange): AccountChange | undefined {
  const renamed = name !== undefined && name !== user.name;
  const address = typeof email === 'string' ? identifierKey(email) : email;
  const readdressed = address !== undefined && address !== (user.email ?? null);
  if (!renamed && !readdressed) return undefined;
  return {
    set: {
      ...(renamed ? { name, searchKeys: searchKeys(user.username ?? '', name) } : {}),
      ...(readdressed && address !== null ? { email: address } : {}),
    },
    unset: readdressed && address === null ? ['email'] : [],
    events: (next) => [{ type: 'auth.user.updated', user: directoryUser(next) }],
  };
}
