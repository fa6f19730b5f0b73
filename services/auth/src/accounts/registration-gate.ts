import { ok, type Result, unavailable } from '@switchboard/protocol';
import { limitedAddress } from '../client.ts';
import { tooManyRegistrations } from '../refusals.ts';

/** Of the places that wait for a hash, the part that registrations may take; the rest is always there for log-ins. */
const SHARE = 0.75;
/** Of that part, what one address may take: a class that signs up together fits, and leaves room for others. */
const ADDRESS_SHARE = 2 / 3;

export interface RegistrationGate {
  /**
   * Runs `hash` for a registration from `ip`: RATE_LIMITED while that address has too many of them in hand. Rejects with a retryable
   * SERVICE_UNAVAILABLE while all addresses together have.
   */
  run(ip: string, hash: () => Promise<string>): Promise<Result<string>>;
}

/**
 * Keeps registrations, which anybody may send and each of which costs a hash, from taking the places that log-ins wait in: together they
 * have three quarters of `queue`. It counts what is in hand, not what a window saw: many people share one address, and join one after another.
 */
export function createRegistrationGate({ queue }: { readonly queue: number }): RegistrationGate {
  const everybodys = Math.max(1, Math.floor(queue * SHARE));
  const perAddress = Math.max(1, Math.floor(everybodys * ADDRESS_SHARE));
  const inHand = new Map<string, number>();
  let total = 0;

  return {
    async run(ip, hash) {
      const address = limitedAddress(ip);
      const own = inHand.get(address) ?? 0;
      if (own >= perAddress) return tooManyRegistrations();
      if (total >= everybodys) throw unavailable('Registration');
      inHand.set(address, own + 1);
      total += 1;
      try {
        return ok(await hash());
      } finally {
        total -= 1;
        const left = (inHand.get(address) ?? 1) - 1;
        if (left > 0) inHand.set(address, left);
        else inHand.delete(address);
      }
    },
  };
}
