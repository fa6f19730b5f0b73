import { ok, type Result } from '@switchboard/protocol';
import type { AuthContext } from '../context.ts';
import { usableInvitation } from '../invitations/usable-invitation.ts';
import { invitationRequired, registrationClosed } from '../refusals.ts';

/**
 * Whether one may make an account, and the id of the invitation that it consumes. A code that is given must be good, also where none is needed, and lets its
 * bearer in under every REGISTRATION: whoever closed it to the public issued the code themselves.
 */
export async function admit(
  context: AuthContext,
  invitationCode: string | undefined,
): Promise<Result<string | undefined>> {
  const mode = context.config.REGISTRATION;
  if (invitationCode === undefined) {
    if (mode === 'closed') return registrationClosed();
    return mode === 'invite' ? invitationRequired() : ok(undefined);
  }
  const invitation = await usableInvitation(context, invitationCode);
  return invitation.ok ? ok(invitation.value._id) : invitation;
}
