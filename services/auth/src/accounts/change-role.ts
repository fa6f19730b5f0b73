import type { ManagedAccount } from '@switchboard/dialects';
import { type Identity, ok, type Result, type Role } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { keepingAnAdministrator } from './administrators.ts';
import { changeAccount } from './change-account.ts';
import { directoryUser } from './directory-user.ts';

/**
 * Gives or takes the administrator's rights. Sessions go on: what an identity may do is asked for with the session, so
 * the new role counts at once, whatever the tokens in use say.
 */
export async function changeRole(
  context: AuthContext,
  actor: Identity,
  id: number,
  role: Role,
  client: Client,
): Promise<Result<ManagedAccount>> {
  const change = () =>
    changeAccount(context, id, (user) => {
      if (user.role === role) return ok(undefined);
      return ok({
        set: { role },
        events: (next) => [{ type: 'auth.user.updated', user: directoryUser(next) }],
      });
    });
  const changed = role === 'admin' ? await change() : await keepingAnAdministrator(context, id, change);
  if (!changed.ok) return changed;
  context.audit.record({
    action: 'account.role_changed',
    actorId: Number(actor.id),
    subjectId: id,
    detail: role,
    ...client,
  });
  return ok(directoryUser(changed.value));
}
