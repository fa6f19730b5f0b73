import type { Invitation } from '@switchboard/dialects';
import { userIdOf } from '../accounts/directory-user.ts';
import type { AuthContext } from '../context.ts';
import type { InvitationDoc } from '../store/invitations.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';

const LISTED = 1000;

/** The newest first, used and lapsed ones too; at most a thousand. */
export async function listInvitations(context: AuthContext): Promise<Invitation[]> {
  const invitations = await stored(() =>
    context.invitations.find().sort({ createdAt: -1 }).limit(LISTED).lean<InvitationDoc[]>(),
  );
  const ids = invitations.map(({ _id }) => _id);
  const users = await stored(() =>
    context.users
      .find({ invitationId: { $in: ids } }, { invitationId: 1, createdAt: 1 })
      .lean<Pick<UserDoc, '_id' | 'invitationId' | 'createdAt'>[]>(),
  );
  const byInvitation = new Map(users.map((user) => [user.invitationId, user]));
  return invitations.map(({ _id, code, createdAt, expiresAt }) => {
    const user = byInvitation.get(_id);
    return {
      id: _id,
      code,
      usedBy: user ? userIdOf(user._id) : null,
      usedAt: user ? user.createdAt.toISOString() : null,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
    };
  });
}
