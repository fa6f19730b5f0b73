import { ok, type Result, unavailable } from '@switchboard/protocol';
import { limitedAddress } from '../client.ts';
import { tooManyRegistrations } from '../refusals.ts';

/** Registrations of one address whose passwords may wait for a hash, or be hashed, at once. */
const PER_ADDRESS = 10;

export interface RegistrationGate {
  /**
   * Runs `hash` for a registration from `ip`: RATE_LIMITED while that address has too many of them in hand. Rejects with a retryable
   * SERVICE_UNAVAILABLE while all addresses together have.
   */
  run(ip: string, hash: () => Promise<string>): Promise<Result<string>>;
}

/**
 * Keeps registrations, which anybody may send and each of which costs a hash, from taking the places that log-ins wait in: together they
 * have half of `queue`. It counts what is in hand, not what a window saw: many people share one address, and join one after another.
 */
export function createRegistrationGate({ queue }: { readonly queue: number }): RegistrationGate {
  const everybodys = Math.max(1, Math.floor(queue / 2));
  const inHand = new Map<string, number>();
  let total = 0;

  return {
    async run(ip, hash) {
      const address = limitedAddress(ip);
      const own = inHand.get(address) ?? 0;
      if (own >= PER_ADDRESS) return tooManyRegistrations();
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
