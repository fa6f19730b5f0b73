import { nativeRest, nativeVerified } from '@switchboard/dialects';
import { type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';

export const nativeVerify = (_context: AuthContext): Route =>
  route({
    ...nativeRest.verify,
    async handle({ actor }) {
      return { status: 200, body: nativeVerified(actor) };
    },
  });
