import { nativeRest, nativeUser } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { oneUser } from '../../accounts/find-users.ts';
import type { AuthContext } from '../../context.ts';

export const nativeGetUser = (context: AuthContext): Route =>
  route({
    ...nativeRest.getUser,
    async handle({ params }) {
      return { status: 200, body: nativeUser(orThrow(await oneUser(context, params.id))) };
    },
  });
