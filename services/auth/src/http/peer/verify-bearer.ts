import { peerNotVerified, peerRest, peerVerified } from '@switchboard/dialects';
import { bearerToken, type Route, route } from '@switchboard/service-kit';
import type { AuthContext } from '../../context.ts';
import { verifyToken } from '../../sessions/verify-token.ts';

export const peerVerifyBearer = (context: AuthContext): Route =>
  route({
    ...peerRest.verifyBearer,
    async handle({ headers }) {
      const verified = await verifyToken(context, bearerToken(headers));
      return verified.ok
        ? { status: 200, body: peerVerified(verified.value) }
        : peerNotVerified(verified.error);
    },
  });
