import { peerInvitations, peerRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';
import { listInvitations } from '../../invitations/list-invitations.ts';

export const peerListInvitations = (context: AuthContext): Route =>
  route({
    ...peerRest.listInvitations,
    async handle() {
      return { status: 200, body: peerInvitations(await listInvitations(context)) };
    },
  });
