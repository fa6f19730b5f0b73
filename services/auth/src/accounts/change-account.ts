import {
  type BusEvent,
  type EventBody,
  type Notice,
  ok,
  type Result,
  unavailable,
} from '@switchboard/protocol';
import { duplicateKey, mongoFault, newEvent } from '@switchboard/service-kit';
import type { AccountContext } from '../context.ts';
import { emailTaken, userNotFound } from '../refusals.ts';
import { stored } from '../store/stored.ts';
import type { UserDoc } from '../store/users.ts';
import { userIdOf } from './directory-user.ts';

type Settable = Partial<Omit<UserDoc, '_id' | 'outbox' | 'version'>>;

export interface AccountChange {
  readonly set?: Settable;
  readonly unset?: readonly (keyof Settable)[];
  /** What the change is to the others, given the account as it will be. */
  events?(next: UserDoc): readonly EventBody[];
  readonly notices?: readonly Notice[];
}

/** Writers of one account that lose to another writer read and decide again, this often. */
const ATTEMPTS = 20;

/**
 * Changes one account: reads, decides, and writes change and events together if nobody wrote in between. `decide` may run several times and
 * returns undefined when there is nothing to change. Deleted accounts are not found.
 */
export async function changeAccount(
  context: AccountContext,
  id: number,
  decide: (user: UserDoc) => Result<AccountChange | undefined>,
): Promise<Result<UserDoc>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const user = await readAccount(context, id);
    if (!user || user.status === 'deleted') return userNotFound();
    const decision = decide(user);
    if (!decision.ok) return decision;
    const change = decision.value;
    if (!change) return ok(user);
    const next = applied(user, change);
    const events = (change.events?.(next) ?? []).map((body) => newEvent(body, context.clock));
    const outcome = await write(context, user, change, events);
    if (outcome === 'email taken') return emailTaken();
    if (outcome === 'lost') continue;
    context.announcer.ofUser(id, {
      events,
      notices: [...(change.notices ?? []), { type: 'user.changed', userId: userIdOf(id) }],
    });
    return ok(next);
  }
  throw unavailable('The account');
}

export async function readAccount(context: AccountContext, id: number): Promise<UserDoc | null> {
  return stored(() => context.users.findById(id).lean<UserDoc>());
}

function applied(user: UserDoc, change: AccountChange): UserDoc {
  const gone = new Set<string>(change.unset);
  const kept = Object.entries(user).filter(([name]) => !gone.has(name));
  return { ...(Object.fromEntries(kept) as unknown as UserDoc), ...change.set, version: user.version + 1 };
}

async function write(
  context: AccountContext,
  user: UserDoc,
  change: AccountChange,
  events: readonly BusEvent[],
): Promise<'done' | 'lost' | 'email taken'> {
  const unset = Object.fromEntries((change.unset ?? []).map((name) => [name, 1]));
  try {
    const { modifiedCount } = await context.users.updateOne(
      { _id: user._id, version: user.version },
      {
        $set: { ...change.set, version: user.version + 1 },
        ...(change.unset?.length ? { $unset: unset } : {}),
        ...(events.length > 0 ? { $push: { outbox: { $each: events } } } : {}),
      },
    );
    return modifiedCount === 1 ? 'done' : 'lost';
  } catch (cause) {
    if (duplicateKey(cause)) return 'email taken';
    throw mongoFault(cause);
  }
}
