import { createECDH, randomBytes, randomUUID } from 'node:crypto';

export interface Subscription {
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** As a browser would make it, with keys that nobody can decrypt for. */
export function newSubscription(origin = 'https://push.example.com'): Subscription {
  const key = createECDH('prime256v1');
  return {
    endpoint: `${origin}/send/${randomUUID()}`,
    keys: { p256dh: key.generateKeys('base64url'), auth: randomBytes(16).toString('base64url') },
  };
}

export const expoToken = (): string => `ExponentPushToken[${randomBytes(11).toString('base64url')}]`;
