import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ok, type Result, unavailable } from '@switchboard/protocol';
import { duplicateKey, mongoFault } from '@switchboard/service-kit';
import type { AuthContext } from '../context.ts';
import { lastAdministrator } from '../refusals.ts';
import { stored } from '../store/stored.ts';
import { readAccount } from './change-account.ts';

const LOCK = 'administrators';
/** Several times what the work inside takes at its slowest: the driver gives up on a write after five seconds. */
const LEASE_MS = 30_000;
const TRIES = 100;
const PAUSE_MS = 50;

/**
 * Runs `change`, which may take the administrator's rights from `id`, unless that is the last one who has them. Two administrators who
 * take each other's rights at once would each see the other still there, so such changes are made one at a time.
 */
export async function keepingAnAdministrator<T>(
  context: AuthContext,
  id: number,
  change: () => Promise<Result<T>>,
): Promise<Result<T>> {
  const user = await readAccount(context, id);
  if (user?.role !== 'admin') return change();
  const holder = randomUUID();
  await lock(context, holder);
  try {
    const another = await otherAdministrator(context, id);
    return another ? await change() : lastAdministrator();
  } finally {
    await context.locks.deleteOne({ _id: LOCK, holder }).catch((err: unknown) => {
      context.logger.warn({ err }, 'a lock is left to lapse');
    });
  }
}

async function otherAdministrator(context: AuthContext, id: number): Promise<boolean> {
  const other = await stored(() =>
    context.users.exists({ role: 'admin', status: 'active', _id: { $ne: id } }),
  );
  return other !== null;
}

async function lock(context: AuthContext, holder: string): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const taken = await tryLock(context, holder);
    if (taken.ok) return;
    await pause(PAUSE_MS);
  }
  throw unavailable('The list of administrators');
}

async function tryLock(context: AuthContext, holder: string): Promise<Result<void> | { ok: false }> {
  const now = context.clock.now();
  try {
    await context.locks.updateOne(
      { _id: LOCK, until: { $lte: new Date(now) } },
      { $set: { holder, until: new Date(now + LEASE_MS) } },
      { upsert: true },
    );
    return ok(undefined);
  } catch (cause) {
    // Somebody holds it: no lapsed lease was found, and the upsert ran into theirs.
    if (duplicateKey(cause)) return { ok: false };
    throw mongoFault(cause);
  }
}
