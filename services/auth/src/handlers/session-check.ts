import type { AuthContext } from '../context.ts';
import { checkSession } from '../sessions/check-session.ts';

/** `auth.session.check` */
export function serveSessionCheck(context: AuthContext): Promise<AsyncDisposable> {
  return context.bus.serve('auth.session.check', ({ userId, sessionId }) =>
    checkSession(context, userId, sessionId),
  );
}
