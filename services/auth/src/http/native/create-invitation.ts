import { nativeInvitation, nativeRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';
import { issueInvitation } from '../../invitations/issue-invitation.ts';

export const nativeCreateInvitation = (context: AuthContext): Route =>
  route({
    ...nativeRest.createInvitation,
    async handle(request) {
      const invitation = await issueInvitation(context, request.actor, clientOf(request));
      return { status: 201, body: nativeInvitation(invitation) };
    },
  });
