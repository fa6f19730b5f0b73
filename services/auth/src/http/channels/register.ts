import { channelsProfile, channelsRest } from '@switchboard/dialects';
import { orThrow, type Rejection, SwitchboardError } from '@switchboard/protocol';
import { invalidFields, type Route, route } from '@switchboard/service-kit';
import { z } from 'zod';
import { isEmailTaken, registerByEmail } from '../../accounts/register-by-email.ts';
import { clientOf } from '../../client.ts';
import type { AuthContext } from '../../context.ts';

/** A password that is too common and an address that is taken are complained about at once, as in the document; so the body is read here. */
export const channelsRegister = (context: AuthContext): Route =>
  route({
    ...channelsRest.register,
    body: z.unknown(),
    async handle(request) {
      const parsed = channelsRest.register.body.safeParse(request.body, { reportInput: true });
      if (!parsed.success) {
        throw new SwitchboardError(await withTaken(context, invalidFields(parsed.error), request.body));
      }
      const { invitation_code: invitationCode, ...registration } = parsed.data;
      const client = clientOf(request);
      const account = orThrow(await registerByEmail(context, { ...registration, invitationCode }, client));
      return { status: 201, body: channelsProfile(account) };
    },
  });

async function withTaken(context: AuthContext, rejection: Rejection, body: unknown): Promise<Rejection> {
  const given = z.object({ email: channelsRest.register.body.shape.email }).safeParse(body);
  if (!given.success || !(await isEmailTaken(context, given.data.email))) return rejection;
  const email = [{ rule: 'taken', message: 'A user with this email already exists.' }];
  return { ...rejection, fields: { email, ...rejection.fields } };
}
