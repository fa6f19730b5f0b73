import type { TokenPair } from '@switchboard/dialects';
import type { SessionId } from '@switchboard/protocol';
import { signAccessToken } from '@switchboard/service-kit';
import { userIdOf } from '../accounts/directory-user.ts';
import type { AuthContext } from '../context.ts';
import type { UserDoc } from '../store/users.ts';
import { formatRefreshToken, type RefreshToken } from './refresh-token.ts';

/** The pair that a log-in or a rotation answers: an access token of this moment beside the refresh token. */
export function tokenPair(context: AuthContext, user: UserDoc, refresh: RefreshToken): TokenPair {
  return {
    accessToken: accessToken(context, user, refresh.sessionId),
    refreshToken: formatRefreshToken(refresh),
  };
}

export function accessToken(context: AuthContext, user: UserDoc, sessionId: SessionId): string {
  const { username = '', role } = user;
  const subject = { sub: userIdOf(user._id), username, role, sid: sessionId };
  return signAccessToken(context.signingKey, subject, context.config.ACCESS_TOKEN_TTL, context.clock.now());
}
