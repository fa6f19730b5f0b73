import type { ManagedAccount } from '@switchboard/dialects';
import { type Identity, ok, type Result } from '@switchboard/protocol';
import type { Client } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { keepingAnAdministrator } from './administrators.ts';
import { changeAccount } from './change-account.ts';
import { directoryUser } from './directory-user.ts';
import { endAllSessions } from './end-all-sessions.ts';

/** Closes an account until it is unbanned: no log-in, every token refused, every socket closed. Again is no error. */
export async function ban(
  context: AuthContext,
  actor: Identity,
  id: number,
  client: Client,
): Promise<Result<ManagedAccount>> {
  const changed = await keepingAnAdministrator(context, id, () =>
    changeAccount(context, id, (user) => {
      if (user.status === 'banned') return ok(undefined);
      const ended = endAllSessions(user, 'banned');
      return ok({
        ...ended,
        set: { ...ended.set, status: 'banned' },
        events: (next) => [{ type: 'auth.user.banned', user: directoryUser(next) }, ...ended.events()],
      });
    }),
  );
  if (!changed.ok) return changed;
  context.audit.record({ action: 'account.banned', actorId: Number(actor.id), subjectId: id, ...client });
  return ok(directoryUser(changed.value));
}

/** Opens a banned account again; its sessions stay ended. */
export async function unban(
  context: AuthContext,
  actor: Identity,
  id: number,
  client: Client,
): Promise<Result<ManagedAccount>> {
  const changed = await changeAccount(context, id, (user) => {
    if (user.status === 'active') return ok(undefined);
    return ok({
      set: { status: 'active' },
      events: (next) => [{ type: 'auth.user.unbanned', user: directoryUser(next) }],
    });
  });
  if (!changed.ok) return changed;
  context.audit.record({ action: 'account.unbanned', actorId: Number(actor.id), subjectId: id, ...client });
  return ok(directoryUser(changed.value));
}
