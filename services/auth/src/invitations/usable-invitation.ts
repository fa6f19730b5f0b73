import { ok, type Result } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import type { AuthContext } from '../context.ts';
import { badInvitation } from '../refusals.ts';
import type { InvitationDoc } from '../store/invitations.ts';

/** The invitation behind a code, when it is neither lapsed nor used so far. Who makes the account first has it. */
export async function usableInvitation(context: AuthContext, code: string): Promise<Result<InvitationDoc>> {
  try {
    const invitation = await context.invitations.findOne({ code }).lean<InvitationDoc>();
    if (!invitation || invitation.expiresAt.getTime() <= context.clock.now()) return badInvitation();
    const used = await context.users.exists({ invitationId: invitation._id });
    return used ? badInvitation() : ok(invitation);
  } catch (cause) {
    throw mongoFault(cause);
  }
}
