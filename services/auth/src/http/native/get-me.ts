import { nativeMe, nativeRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { ownProfile } from '../../accounts/profile.ts';
import type { AuthContext } from '../../context.ts';

export const nativeGetMe = (context: AuthContext): Route =>
  route({
    ...nativeRest.getMe,
    async handle({ actor }) {
      return { status: 200, body: nativeMe(orThrow(await ownProfile(context, actor))) };
    },
  });
