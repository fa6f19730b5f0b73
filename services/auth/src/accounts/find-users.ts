import type { ManagedAccount } from '@switchboard/dialects';
import { type DirectoryUser, ok, type Result, type UserId } from '@switchboard/protocol';
import type { AuthContext } from '../context.ts';
import { userNotFound } from '../refusals.ts';
import { searchPrefix, searchText } from '../store/search-keys.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { readAccount } from './change-account.ts';
import { directoryUser } from './directory-user.ts';

/** Lists that the documents give no page to end here. */
const LISTED = 1000;

/** Active users whose username or name holds `query`, the exact username first, then by username; all, for a blank one. */
export async function searchUsers(
  context: AuthContext,
  query: string,
  limit: number,
): Promise<DirectoryUser[]> {
  const text = searchText(query);
  if (text === '') return list(context, { status: 'active' }, limit);
  const prefix = searchPrefix(text).replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
  const [exact, holding] = await stored(() =>
    Promise.all([
      context.users.findOne({ usernameKey: text, status: 'active' }).lean<UserDoc>(),
      context.users
        .find({ searchKeys: { $regex: `^${prefix}` }, status: 'active' })
        .limit(limit)
        .lean<UserDoc[]>(),
    ]),
  );
  const rest = holding
    .filter((user) => user._id !== exact?._id && holds(user, text))
    .sort((a, b) => ((a.usernameKey ?? '') < (b.usernameKey ?? '') ? -1 : 1));
  return [...(exact ? [exact] : []), ...rest].slice(0, limit).map(directoryUser);
}

/** The keys are cut; a longer query is compared in full. */
function holds(user: UserDoc, text: string): boolean {
  return [user.username, user.name].some((name) => searchText(name ?? '').includes(text));
}

/** Every active user, by id; at most a thousand. */
export function activeUsers(context: AuthContext): Promise<DirectoryUser[]> {
  return list(context, { status: 'active' }, LISTED);
}

/** Every account but deleted ones, by id; at most a thousand. */
export function managedAccounts(context: AuthContext): Promise<ManagedAccount[]> {
  return list(context, { status: { $ne: 'deleted' } }, LISTED);
}

async function list(
  context: AuthContext,
  filter: { status: 'active' | { $ne: 'deleted' } },
  limit: number,
): Promise<(DirectoryUser & ManagedAccount)[]> {
  const users = await stored(() =>
    context.users.find(filter).sort({ _id: 1 }).limit(limit).lean<UserDoc[]>(),
  );
  return users.map(directoryUser);
}

export async function oneUser(context: AuthContext, id: UserId): Promise<Result<DirectoryUser>> {
  const user = await readAccount(context, Number(id));
  return user && user.status !== 'deleted' ? ok(directoryUser(user)) : userNotFound();
}

/** Users of any status by id, unknown ids left out. */
export async function usersById(context: AuthContext, ids: readonly UserId[]): Promise<DirectoryUser[]> {
  const users = await stored(() => context.users.find({ _id: { $in: ids.map(Number) } }).lean<UserDoc[]>());
  return users.map(directoryUser);
}
