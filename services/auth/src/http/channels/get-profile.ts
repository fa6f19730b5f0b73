import { channelsProfile, channelsRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { ownProfile } from '../../accounts/profile.ts';
import type { AuthContext } from '../../context.ts';

export const channelsGetProfile = (context: AuthContext): Route =>
  route({
    ...channelsRest.getProfile,
    async handle({ actor }) {
      return { status: 200, body: channelsProfile(orThrow(await ownProfile(context, actor))) };
    },
  });
