import { randomBytes } from 'node:crypto';
import { ok, type Result } from '@switchboard/protocol';
import { createAccount } from '../accounts/create-account.ts';
import { identifierKey } from '../accounts/find-account.ts';
import type { AccountContext } from '../context.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';

/** What the host may show to whoever runs it; nobody is told again. */
export interface Seeded {
  readonly demo: readonly { readonly username: string; readonly password: string }[];
  /** The administrator made just now; `password` only when it was generated. */
  readonly admin?: { readonly username: string; readonly password?: string };
}

const DEMO = [
  { id: 1, username: 'alice', email: 'alice@example.com', name: 'Alice Johnson' },
  { id: 2, username: 'bob', email: 'bob@example.com', name: 'Bob Smith' },
] as const;
const DEMO_PASSWORD = 'password123';
const GENERATED_BYTES = 15;

/**
 * Makes the demo users and the first administrator, unless they are there. Any number of instances may do so at once, and a
 * crash in between is mended by the next start.
 */
export async function seed(context: AccountContext): Promise<Seeded> {
  const demo = context.config.SEED_DEMO ? await seedDemo(context) : [];
  const admin = await seedAdministrator(context);
  return { demo, ...(admin ? { admin } : {}) };
}

async function seedDemo(context: AccountContext): Promise<Seeded['demo']> {
  const missing = await missingDemoUsers(context);
  if (missing.length > 0) {
    // Their ids are taken out of the sequence before the accounts are made: a crash in between leaves ids that only this step uses.
    let taken = await context.nextUserId();
    while (taken < DEMO.length) taken = await context.nextUserId();
    const passwordHash = await context.passwords.hash(DEMO_PASSWORD);
    for (const { id, ...person } of missing) {
      const made = await createAccount(context, { id, ...person, passwordHash, role: 'user' });
      if (made.ok) context.audit.record({ action: 'account.seeded', subjectId: id });
    }
  }
  return DEMO.map(({ username }) => ({ username, password: DEMO_PASSWORD }));
}

/** Neither is somebody who was deleted, or who took the name first, made again. */
async function missingDemoUsers(context: AccountContext): Promise<(typeof DEMO)[number][]> {
  const known = await stored(() =>
    context.users
      .find(
        {
          $or: [
            { _id: { $in: DEMO.map(({ id }) => id) } },
            { usernameKey: { $in: DEMO.map(({ username }) => username) } },
          ],
        },
        { usernameKey: 1 },
      )
      .lean<Pick<UserDoc, '_id' | 'usernameKey'>[]>(),
  );
  return DEMO.filter(
    ({ id, username }) => !known.some((user) => user._id === id || user.usernameKey === username),
  );
}

async function seedAdministrator(context: AccountContext): Promise<Seeded['admin']> {
  const { ADMIN_USERNAME: username, ADMIN_PASSWORD: given } = context.config;
  const known = await stored(() => context.users.exists({ role: 'admin', status: 'active' }));
  if (known) return undefined;
  const free = await usernameFree(context, username);
  if (!free.ok) {
    // Whoever registered the name first must not become an administrator by it.
    context.logger.error(
      { username },
      'there is no administrator and ADMIN_USERNAME is an ordinary user: choose another',
    );
    return undefined;
  }
  const password = given ?? randomBytes(GENERATED_BYTES).toString('base64url');
  const made = await createAccount(context, {
    username,
    passwordHash: await context.passwords.hash(password),
    role: 'admin',
  });
  if (!made.ok) return undefined;
  context.audit.record({ action: 'account.seeded', subjectId: made.value._id, detail: 'admin' });
  return { username, ...(given === undefined ? { password } : {}) };
}

async function usernameFree(
  context: AccountContext,
  username: string,
): Promise<Result<void> | { ok: false }> {
  const taken = await stored(() => context.users.exists({ usernameKey: identifierKey(username) }));
  return taken ? { ok: false } : ok(undefined);
}
