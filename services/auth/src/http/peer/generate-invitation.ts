import { peerInvitationMade, peerRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { issueInvitation } from '../../invitations/issue-invitation.ts';

export const peerGenerateInvitation = (context: AuthContext): Route =>
  route({
    ...peerRest.generateInvitation,
    async handle(request) {
      const invitation = await issueInvitation(context, request.actor, clientOf(request));
      return { status: 201, body: peerInvitationMade(invitation) };
    },
  });
