import { nativeInvitations, nativeRest } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';
import { listInvitations } from '../../invitations/list-invitations.ts';

export const nativeListInvitations = (context: AuthContext): Route =>
  route({
    ...nativeRest.listInvitations,
    async handle() {
      return { status: 200, body: nativeInvitations(await listInvitations(context)) };
    },
  });
