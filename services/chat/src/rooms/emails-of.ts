import type { UserId } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';

/** The e-mail addresses of these users, for vocabularies that show them; null for those that have none or are not known, for all while the directory is away. */
export async function emailsOf(
  { directory }: Pick<ChatContext, 'directory'>,
  userIds: Iterable<UserId>,
): Promise<(userId: UserId) => string | null> {
  const users = await directory.many(new Set(userIds)).catch(() => undefined);
  return (userId) => users?.get(userId)?.email ?? null;
}
