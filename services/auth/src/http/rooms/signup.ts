import { roomsRest, roomsSignedUp } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import { register } from '../../accounts/register.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

export const roomsSignup = (context: AuthContext): Route =>
  route({
    ...roomsRest.signup,
    async handle(request) {
      const { account, tokens } = orThrow(await register(context, request.body, clientOf(request)));
      return { status: 201, body: roomsSignedUp(account, tokens) };
    },
  });
