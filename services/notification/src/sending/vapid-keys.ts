import { createECDH } from 'node:crypto';
import { ConfigError } from '@switchboard/service-kit';
import type { Connection } from 'mongoose';
import { storedVapidKeys } from '../store/push-key-store.ts';
import type { VapidKeys } from './providers/vapid.ts';

export interface VapidSettings {
  readonly VAPID_PUBLIC_KEY?: string | undefined;
  readonly VAPID_PRIVATE_KEY?: string | undefined;
  readonly VAPID_SUBJECT: string;
}

/**
 * The configured keys, or those that all instances share.
 * @throws ConfigError for half a pair, and for two that do not belong together: every push would be refused.
 */
export async function vapidKeys(settings: VapidSettings, connection: Connection): Promise<VapidKeys> {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey, VAPID_SUBJECT: subject } = settings;
  if (!/^(mailto:\S+@\S+|https:\/\/\S+)$/.test(subject)) {
    throw new ConfigError(['VAPID_SUBJECT must be mailto: and an address, or an https: URL']);
  }
  if (publicKey === undefined && privateKey === undefined) {
    return storedVapidKeys(connection, async () => {
      const { default: webPush } = await import('web-push');
      return webPush.generateVAPIDKeys();
    });
  }
  if (publicKey === undefined || privateKey === undefined) {
    throw new ConfigError([
      'VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY must be set together, or neither of them',
    ]);
  }
  if (publicOf(privateKey) !== publicKey) {
    throw new ConfigError(['VAPID_PUBLIC_KEY is not the public key of VAPID_PRIVATE_KEY']);
  }
  return { publicKey, privateKey };
}

function publicOf(privateKey: string): string | undefined {
  try {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(Buffer.from(privateKey, 'base64url'));
    return curve.getPublicKey('base64url').replace(/=+$/, '');
  } catch {
    return undefined;
  }
}
