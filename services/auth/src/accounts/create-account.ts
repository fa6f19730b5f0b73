import { ok, type Result, type Role } from '@switchboard/protocol';
import { duplicateKey, mongoFault, newEvent } from '@switchboard/service-kit';
import type { AccountContext } from '../context.ts';
import { badInvitation, emailTaken, usernameTaken } from '../refusals.ts';
import { searchKeys } from '../store/search-keys.ts';
import type { UserDoc } from '../store/users.ts';
import { directoryUser } from './directory-user.ts';
import { identifierKey } from './find-account.ts';

export interface NewAccount {
  /** Absent: the next of the sequence. */
  readonly id?: number;
  readonly username: string;
  readonly passwordHash: string;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly role: Role;
  readonly invitationId?: string | undefined;
}

/**
 * Makes an account in one write, which is also the consumption of its invitation: of two accounts with one username, e-mail address or
 * invitation the store takes one.
 */
export async function createAccount(context: AccountContext, account: NewAccount): Promise<Result<UserDoc>> {
  const { username, email, name, role, passwordHash, invitationId } = account;
  try {
    const user: Omit<UserDoc, 'outbox'> = {
      _id: account.id ?? (await context.nextUserId()),
      username,
      usernameKey: identifierKey(username),
      ...(email === undefined ? {} : { email: identifierKey(email) }),
      ...(name === undefined ? {} : { name }),
      searchKeys: searchKeys(username, name ?? ''),
      passwordHash,
      role,
      status: 'active',
      version: 1,
      epoch: 1,
      ...(invitationId === undefined ? {} : { invitationId }),
      createdAt: new Date(context.clock.now()),
    };
    const shown = directoryUser({ ...user, outbox: [] });
    const created = newEvent({ type: 'auth.user.created', user: shown }, context.clock);
    const stored: UserDoc = { ...user, outbox: [created] };
    await context.users.create(stored);
    context.announcer.ofUser(user._id, { events: [created], notices: [] });
    return ok(stored);
  } catch (cause) {
    const taken = duplicateKey(cause)?.keyPattern;
    if (!taken) throw mongoFault(cause);
    if ('email' in taken) return emailTaken();
    if ('invitationId' in taken) return badInvitation();
    return usernameTaken();
  }
}
