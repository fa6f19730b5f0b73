import { ok, type Result } from '@switchboard/protocol';
import type { AuthContext } from '../context.ts';
import { badInvitation } from '../refusals.ts';
import type { InvitationDoc } from '../store/invitations.ts';
import { stored } from '../store/stored.ts';

/** The invitation behind a code, when it is neither lapsed nor used so far. Who makes the account first has it. */
export async function usableInvitation(context: AuthContext, code: string): Promise<Result<InvitationDoc>> {
  const invitation = await stored(() => context.invitations.findOne({ code }).lean<InvitationDoc>());
  if (!invitation || invitation.expiresAt.getTime() <= context.clock.now()) return badInvitation();
  const used = await stored(() => context.users.exists({ invitationId: invitation._id }));
  return used ? badInvitation() : ok(invitation);
}
