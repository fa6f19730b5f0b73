import type { SessionView } from '@switchboard/dialects';
import { type Identity, SessionId } from '@switchboard/protocol';
import { readAccount } from '../accounts/change-account.ts';
import type { AuthContext } from '../context.ts';
import type { SessionDoc } from '../store/sessions.ts';
import { stored } from '../store/stored.ts';
import { isLive } from './live-session.ts';

const LISTED = 200;

/** One's live sessions, the last used first. */
export async function listSessions(context: AuthContext, actor: Identity): Promise<SessionView[]> {
  const user = await readAccount(context, Number(actor.id));
  if (!user) return [];
  const now = context.clock.now();
  return (await sessionsOf(context, user._id))
    .filter((session) => isLive(session, user, now))
    .map((session) => ({
      id: SessionId.parse(session._id),
      createdAt: session.createdAt.toISOString(),
      lastUsedAt: session.lastUsedAt.toISOString(),
      userAgent: session.userAgent ?? null,
      ip: session.ip,
      current: session._id === actor.sessionId,
    }));
}

export async function sessionsOf(context: AuthContext, userId: number): Promise<SessionDoc[]> {
  return stored(() =>
    context.sessions.find({ userId }).sort({ lastUsedAt: -1 }).limit(LISTED).lean<SessionDoc[]>(),
  );
}
