import { ok } from '@switchboard/protocol';
import { createOwner } from '@switchboard/service-kit';
import { changeAccount } from '../accounts/change-account.ts';
import { endAllSessions } from '../accounts/end-all-sessions.ts';
import { findAccount } from '../accounts/find-account.ts';
import { leaveToSweep } from '../announcer.ts';
import { type AccountDeps, buildAccountContext } from '../build-context.ts';
import type { AuthSettings } from '../config.ts';
import type { AccountContext } from '../context.ts';
import { type Seeded, seed } from './seed.ts';

/**
 * Seeds without a running service: the demo users when SEED_DEMO says so, and the first administrator. An ADMIN_PASSWORD given here
 * also becomes the password of the administrator ADMIN_USERNAME who is there already: the way back in for
 * whoever lost it. What has to be announced is announced by the next service to run.
 */
export async function seedAuth(config: AuthSettings, deps: AccountDeps): Promise<Seeded> {
  const owned = createOwner();
  try {
    const context = await buildAccountContext(config, deps, owned, leaveToSweep);
    const seeded = await seed(context);
    if (!seeded.admin && config.ADMIN_PASSWORD) await resetAdministrator(context, config.ADMIN_PASSWORD);
    return seeded;
  } finally {
    await owned[Symbol.asyncDispose]();
  }
}

async function resetAdministrator(context: AccountContext, password: string): Promise<void> {
  const admin = await findAccount(context, context.config.ADMIN_USERNAME);
  if (admin?.role !== 'admin') return;
  if (await context.passwords.verify(password, admin.passwordHash)) return;
  const passwordHash = await context.passwords.hash(password);
  const changed = await changeAccount(context, admin._id, (user) => {
    const ended = endAllSessions(user, 'password_changed');
    return ok({ ...ended, set: { ...ended.set, passwordHash } });
  });
  if (changed.ok) context.audit.record({ action: 'password.changed', subjectId: admin._id, detail: 'seed' });
}
