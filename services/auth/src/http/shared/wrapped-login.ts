import { sharedLoginRest, wrappedLogin } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { logIn } from '../../accounts/log-in.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const wrappedLoginRoute = (context: AuthContext): Route =>
  route({
    ...sharedLoginRest.wrappedLogin,
    async handle(request) {
      const { account, tokens } = orThrow(await logIn(context, request.body, clientOf(request)));
      return { status: 200, body: wrappedLogin(account, tokens) };
    },
  });
