import { createHmac } from 'node:crypto';
import { ok, type Result } from '@switchboard/protocol';
import { type Client, limitedAddress } from '../client.ts';
import type { AuthContext } from '../context.ts';
import { tooManyLogins } from '../refusals.ts';
import { identifierKey } from './find-account.ts';

/** How much more than one account an address may fail for: many people share one behind a company's router. */
const PER_ADDRESS = 10;

/** Whose failures are counted: an account, or an identifier that names none. */
export type Limited = { readonly userId: number } | { readonly identifier: string };

export interface LoginLimit {
  /** Refused once the failures are used up. Counts nothing. */
  check(): Promise<Result<void>>;
  /** Counts a failure; refused when it is one too many, `last` when it was the last one allowed. */
  fail(): Promise<Result<{ last: boolean }>>;
  /** The right password was given: the account's failures from this address are forgotten, the address's are not. */
  forget(): Promise<void>;
}

/**
 * Failed passwords per account and address, and per address. Fails closed: while the counters are away every method rejects with a
 * retryable SERVICE_UNAVAILABLE, since a limit that yields to an overloaded store is none.
 */
export function loginLimit(context: AuthContext, limited: Limited, client: Client): LoginLimit {
  const { rates } = context;
  const rule = context.config.RATE_LIMIT_LOGIN;
  if (rule === 'off') {
    return {
      check: async () => ok(undefined),
      fail: async () => ok({ last: false }),
      forget: async () => undefined,
    };
  }
  const address = limitedAddress(client.ip);
  const accountKey = `login:account:${accountName(context, limited)}:${address}`;
  const addressKey = `login:address:${address}`;
  const addressRule = { ...rule, points: rule.points * PER_ADDRESS };

  const peek = async (): Promise<Result<void>> => {
    const verdicts = await Promise.all([rates.peek(accountKey, rule), rates.peek(addressKey, addressRule)]);
    if (verdicts.every(({ allowed }) => allowed)) return ok(undefined);
    return tooManyLogins(Math.max(...verdicts.map(({ retryAfterMs }) => retryAfterMs)));
  };

  return {
    check: peek,
    async fail() {
      const verdicts = await Promise.all([rates.take(accountKey, rule), rates.take(addressKey, addressRule)]);
      if (verdicts.every(({ allowed }) => allowed)) return ok({ last: !(await peek()).ok });
      return tooManyLogins(Math.max(...verdicts.map(({ retryAfterMs }) => retryAfterMs)));
    },
    forget: () => rates.clear(accountKey),
  };
}

/** An unknown identifier is kept only as a keyed digest: people type e-mail addresses, and now and then a password, there. */
function accountName(context: AuthContext, limited: Limited): string {
  if ('userId' in limited) return String(limited.userId);
  return createHmac('sha256', context.hidingKey)
    .update(identifierKey(limited.identifier))
    .digest('base64url');
}
