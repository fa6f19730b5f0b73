import { createECDH, ECDH, randomBytes, randomUUID } from 'node:crypto';
import { SessionId } from '@switchboard/protocol';
import { describe, expect, it } from 'vitest';
import { addressKey, isPointOnP256, newWebhookSecret } from './device-address.ts';

const [one, other] = [SessionId.parse(randomUUID()), SessionId.parse(randomUUID())];
const keys = { p256dh: 'p', auth: 'a' };

describe('the key of an address', () => {
  it('is that of the token or endpoint, whoever has it and whatever it is encrypted with', () => {
    const expo = { kind: 'expo', token: 'ExponentPushToken[x]' } as const;
    expect(addressKey(expo, one)).toBe(addressKey(expo, other));
    expect(addressKey(expo, one)).not.toContain('ExponentPushToken');
    const web = { kind: 'web-push', endpoint: 'https://push.example.com/x', keys } as const;
    const spelledAnew = { ...web, endpoint: 'HTTPS://push.example.com:443/x', keys: { ...keys, auth: 'b' } };
    expect(addressKey(web, one)).toBe(addressKey(spelledAnew, other));
    expect(addressKey({ ...expo, token: web.endpoint }, one)).not.toBe(addressKey(web, one));
  });

  it('is a session’s own for a webhook', () => {
    const webhook = {
      kind: 'webhook',
      url: 'https://gateway.example.com/',
      secret: newWebhookSecret(),
    } as const;
    expect(addressKey(webhook, one)).not.toBe(addressKey(webhook, other));
    expect(addressKey({ ...webhook, secret: newWebhookSecret() }, one)).toBe(addressKey(webhook, one));
  });
});

describe('a point on P-256', () => {
  const point = createECDH('prime256v1').generateKeys();
  const inForm = (form: 'compressed' | 'hybrid') =>
    Buffer.from(ECDH.convertKey(point, 'prime256v1', undefined, undefined, form));

  it('is what a browser makes', () => expect(isPointOnP256(point.toString('base64url'))).toBe(true));

  it.each([
    ['moved', Buffer.from(point).fill((point.at(-1) ?? 0) ^ 1, 64)],
    ['compressed', inForm('compressed')],
    ['of another curve', createECDH('secp256k1').generateKeys()],
    ['hybrid', inForm('hybrid')],
    ['at infinity', Buffer.alloc(65)],
    ['random', Buffer.concat([Buffer.from([4]), randomBytes(64)])],
    ['nothing', Buffer.alloc(0)],
  ])('is none that is %s', (_what, bytes) => {
    expect(isPointOnP256(bytes.toString('base64url'))).toBe(false);
  });
});
