import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { WebhookDoc } from '../store/webhook-model.ts';

/** How long a secret goes on signing beside the one that replaced it. */
export const ROTATION_MS = 24 * 3_600_000;
/** Secrets that sign at once, however often they are replaced. */
const MOST = 3;

type Secrets = WebhookDoc['secrets'];

/** 256 bits in the form of Standard Webhooks. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function rotated(secrets: Readonly<Secrets>, now: number): Secrets {
  const former = signing(secrets, now).map(({ secret, until }) => ({
    secret,
    until: until ?? new Date(now + ROTATION_MS),
  }));
  return [{ secret: newSecret() }, ...former].slice(0, MOST);
}

export function signing(secrets: Readonly<Secrets>, now: number): Secrets {
  return secrets.filter(({ until }) => until === undefined || until.getTime() > now);
}

/** The headers of one try, signed at its time by every secret that is good. */
export function signedHeaders(
  secrets: Readonly<Secrets>,
  { id, body, now }: { readonly id: string; readonly body: string; readonly now: number },
): Record<string, string> {
  const at = new Date(now);
  const signatures = signing(secrets, now).map(({ secret }) => new Webhook(secret).sign(id, at, body));
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}
