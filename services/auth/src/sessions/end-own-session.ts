import { type Identity, ok, type Result, type SessionId } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { sessionNotFound } from '../refusals.ts';
import { revokeSession } from './revoke-session.ts';

/** Ends one of one's own sessions; another's is as unknown as one that never was. */
export async function endOwnSession(
  context: AuthContext,
  actor: Identity,
  sessionId: SessionId,
  client: Client,
): Promise<Result<void>> {
  const id = Number(actor.id);
  if (!(await revokeSession(context, id, sessionId, 'logout'))) return sessionNotFound();
  context.audit.record({ action: 'session.revoked', actorId: id, subjectId: id, sessionId, ...client });
  return ok(undefined);
}
