import { type Identity, ok, type Result } from '@switchboard/protocol';
import { changeAccount } from '../accounts/change-account.ts';
import { endAllSessions } from '../accounts/end-all-sessions.ts';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';

/** Logs a user out everywhere, here too. */
export async function revokeAllSessions(
  context: AuthContext,
  actor: Identity,
  client: Client,
): Promise<Result<void>> {
  const id = Number(actor.id);
  const changed = await changeAccount(context, id, (user) => ok(endAllSessions(user, 'logout')));
  if (!changed.ok) return changed;
  context.audit.record({ action: 'sessions.revoked_all', actorId: id, subjectId: id, ...client });
  return ok(undefined);
}
