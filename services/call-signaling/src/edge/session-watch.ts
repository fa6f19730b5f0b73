import type { Bus, Clock } from '@switchboard/ports';
import type { Identity, Notice, Result, SessionId } from '@switchboard/protocol';
import { every, type Logger } from '@switchboard/service-kit';
import type { SessionRegistry } from './session-registry.ts';
import type { SocketSession } from './socket-session.ts';

export interface SessionWatchParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registry: SessionRegistry;
  /** How long a socket may live on without its session being looked at again. */
  readonly reverifyMs: number;
}

/** Sessions asked about at once. */
const CONCURRENCY = 16;
/** Looks per `reverifyMs`, so that the questions are spread. */
const LOOKS = 10;

/**
 * Closes sockets whose session is over: at once on a notice, and, since notices may be lost, whenever asking for a session again says so.
 * While auth is away sockets live on.
 */
export async function watchSessions(parts: SessionWatchParts): Promise<AsyncDisposable> {
  const { bus, clock, logger, registry, reverifyMs } = parts;

  const onNotice = (notice: Notice): void => {
    if (notice.type === 'user.changed') {
      for (const session of registry.ofUser(notice.userId)) session.verifiedAt = 0;
    }
    if (notice.type !== 'session.revoked') return;
    const { userId, sessionId, reason } = notice;
    const concerns = (id: SessionId): boolean => sessionId === undefined || sessionId === id;
    for (const session of registry.ofUser(userId)) {
      // The session itself may still be good under the new role: whoever comes back is looked at again.
      if (concerns(session.identity.sessionId))
        session.close(reason === 'role_changed' ? 'drain' : 'refused');
    }
    // And those whose token was good a moment ago, on their way to becoming sessions.
    for (const place of registry.placesOf(userId)) if (concerns(place.sessionId)) place.close();
  };

  const look = async (): Promise<void> => {
    const now = clock.now();
    const due = new Map<SessionId, SocketSession[]>();
    for (const session of registry.all()) {
      if (session.verifiedAt + reverifyMs > now) continue;
      const { sessionId } = session.identity;
      due.set(sessionId, [...(due.get(sessionId) ?? []), session]);
    }
    const queue = [...due.entries()];
    const worker = async (): Promise<void> => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const [sessionId, sessions] = next;
        const [any] = sessions;
        if (!any) continue;
        const reply = await bus.request('auth.session.check', { userId: any.identity.id, sessionId });
        for (const session of sessions) settle(session, reply);
      }
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, queue.length) }, worker));
  };

  const settle = (session: SocketSession, reply: Result<Identity>): void => {
    if (reply.ok) session.refresh(reply.value, clock.now());
    else if (reply.error.code === 'UNAUTHORIZED') session.close('refused');
  };

  const listening = await bus.listen(onNotice);
  const timer = every(reverifyMs / LOOKS, clock, look, (err) =>
    logger.warn({ err }, 'sessions not verified again'),
  );
  return {
    async [Symbol.asyncDispose]() {
      await timer[Symbol.asyncDispose]();
      await listening[Symbol.asyncDispose]();
    },
  };
}
