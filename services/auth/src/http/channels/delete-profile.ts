import { channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { deleteAccount } from '../../accounts/delete-account.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const channelsDeleteProfile = (context: AuthContext): Route =>
  route({
    ...channelsRest.deleteProfile,
    async handle(request) {
      const { actor } = request;
      orThrow(await deleteAccount(context, actor, Number(actor.id), clientOf(request)));
      return { status: 204 };
    },
  });
