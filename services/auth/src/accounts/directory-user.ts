import type { ManagedAccount } from '@switchboard/dialects';
import { type DirectoryUser, UserId } from '@switchboard/protocol';
import type { UserDoc } from '../store/users.ts';

/** A name for whom there is none any more. The colon keeps it from being anybody's username. */
export function directoryUser(user: UserDoc): DirectoryUser & ManagedAccount {
  const username = user.username ?? `deleted:${user._id}`;
  return {
    id: userIdOf(user._id),
    username,
    name: user.name ?? (user.status === 'deleted' ? 'Deleted user' : username),
    email: user.email ?? null,
    status: user.status,
    role: user.role,
    createdAt: user.createdAt.toISOString(),
  };
}

export function userIdOf(id: number): UserId {
  return UserId.parse(String(id));
}
