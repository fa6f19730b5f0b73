import { nativeRest, nativeSignedIn } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { changePassword } from '../../accounts/change-password.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const nativeChangePassword = (context: AuthContext): Route =>
  route({
    ...nativeRest.changePassword,
    async handle(request) {
      const { actor, body } = request;
      const { account, tokens } = orThrow(await changePassword(context, actor, body, clientOf(request)));
      return { status: 200, body: nativeSignedIn(account, tokens) };
    },
  });
