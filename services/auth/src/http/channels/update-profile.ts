import { channelsProfile, channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { changeProfile } from '../../accounts/profile.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const channelsUpdateProfile = (context: AuthContext): Route =>
  route({
    ...channelsRest.updateProfile,
    async handle(request) {
      const { actor, body } = request;
      const account = orThrow(await changeProfile(context, actor, body, clientOf(request)));
      return { status: 200, body: channelsProfile(account) };
    },
  });
