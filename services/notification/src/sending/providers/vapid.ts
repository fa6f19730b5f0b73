/** Who we are to web push services (RFC 8292). */
export interface VapidKeys {
  /** What browsers subscribe with: an uncompressed point on P-256, base64url. */
  readonly publicKey: string;
  readonly privateKey: string;
}

export interface VapidSigner {
  readonly publicKey: string;
  /** The Authorization header for a push service, named by its origin. */
  authorization(audience: string): Promise<string>;
}

/** A signature is good for twelve hours; it is used for one, so that a clock that is off does no harm. */
const USED_MS = 3_600_000;
const MAX_KEPT = 500;

/** @param subject `mailto:` or `https:` – whom a push service writes to about our pushes. */
export function createVapidSigner(keys: VapidKeys, subject: string, now: () => number): VapidSigner {
  /** Signing takes longer than encrypting, and says the same for every push to a service. */
  const kept = new Map<string, { readonly value: string; readonly until: number }>();
  return {
    publicKey: keys.publicKey,
    async authorization(audience) {
      const known = kept.get(audience);
      if (known && known.until > now()) return known.value;
      const { default: webPush } = await import('web-push');
      const value = webPush.getVapidHeaders(
        audience,
        subject,
        keys.publicKey,
        keys.privateKey,
        'aes128gcm',
      ).Authorization;
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(audience, { value, until: now() + USED_MS });
      return value;
    },
  };
}
