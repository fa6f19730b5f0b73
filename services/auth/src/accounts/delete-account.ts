import { type Identity, ok, type Result } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { keepingAnAdministrator } from './administrators.ts';
import { changeAccount } from './change-account.ts';
import { directoryUser } from './directory-user.ts';
import { endAllSessions } from './end-all-sessions.ts';

/**
 * Deletes an account, one's own or as an administrator: a tombstone without personal data stays, so that the id is never given again; username
 * and e-mail address are free at once.
 */
export async function deleteAccount(
  context: AuthContext,
  actor: Identity,
  id: number,
  client: Client,
): Promise<Result<void>> {
  const changed = await keepingAnAdministrator(context, id, () =>
    changeAccount(context, id, (user) => {
      const ended = endAllSessions(user, 'deleted');
      return ok({
        ...ended,
        set: { ...ended.set, status: 'deleted', role: 'user' },
        unset: [
          ...ended.unset,
          'username',
          'usernameKey',
          'email',
          'name',
          'searchKeys',
          'passwordHash',
          'lastLoginAt',
        ],
        events: (next) => [{ type: 'auth.user.deleted', user: directoryUser(next) }, ...ended.events()],
      });
    }),
  );
  if (!changed.ok) return changed;
  context.audit.record({ action: 'account.deleted', actorId: Number(actor.id), subjectId: id, ...client });
  await forgetSessions(context, id);
  return ok(undefined);
}

/** Addresses and clients are personal, too. What a failure leaves behind lapses with the sessions. */
async function forgetSessions(context: AuthContext, id: number): Promise<void> {
  try {
    await context.sessions.deleteMany({ userId: id, 'outbox.0': { $exists: false } });
  } catch (err) {
    context.logger.warn({ err, userId: id }, 'sessions of a deleted account are left to lapse');
  }
}
