import { createECDH, createPublicKey, type ECDH, randomBytes, randomUUID, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { decrypt } from 'http_ece';
import { z } from 'zod';
import type { Subscription } from './push-subscription.ts';
import { type Misbehaviour, type StandIn, type StandInRequest, startStandIn } from './stand-in.ts';

/** What the service worker of a browser got, and how the push service was to treat it. */
export interface WebPushMessage {
  readonly ttl: number;
  readonly urgency: string;
  readonly topic: string;
  readonly payload: WebPushPayload;
}

const WebPushPayload = z.looseObject({
  v: z.literal(1),
  id: z.string().max(200),
  tag: z.string(),
  title: z.string().optional(),
  body: z.string().optional(),
  data: z.looseObject({ type: z.string() }),
});
export type WebPushPayload = z.infer<typeof WebPushPayload>;

/** The browser behind a subscription. */
export interface Browser {
  readonly subscription: Subscription;
  /** Everything it got, in order; what came again stands there again. */
  readonly got: readonly WebPushMessage[];
  /** It has been closed for good: 410. */
  gone: boolean;
}

/** A web push service and the browsers behind it, which decrypt what they get. */
export interface WebPushStandIn extends AsyncDisposable {
  readonly url: string;
  readonly traffic: Pick<StandIn, 'requests' | 'inHand' | 'mostInHand'>;
  /** @param applicationServerKey Whom it subscribes to; pushes signed by others are refused. */
  subscribe(applicationServerKey?: string): Browser;
  /** What was wrong with what it was sent; empty is as it should be. */
  readonly complaints: readonly string[];
  misbehave: (browser: Browser) => Misbehaviour | undefined;
}

interface KeptBrowser extends Browser {
  readonly got: WebPushMessage[];
  readonly privateKey: ECDH;
  readonly auth: string;
  readonly signer?: string;
}

const MAX_BYTES = 4_096;
const MAX_TOKEN_SECONDS = 24 * 3_600;

export async function startWebPushStandIn(): Promise<WebPushStandIn> {
  const browsers = new Map<string, KeptBrowser>();
  const complaints: string[] = [];
  const browserOf = ({ path }: Pick<StandInRequest, 'path'>) => browsers.get(path);

  const standIn = await startStandIn({
    misbehave(request) {
      const browser = browserOf(request);
      return browser && self.misbehave(browser);
    },
    take(request) {
      const browser = browserOf(request);
      if (!browser) return { status: 404 };
      if (browser.gone) return { status: 410 };
      if (request.body.length > MAX_BYTES) return refuse(413, 'too large');
      try {
        checkVapid(request.headers, standIn.url, browser.signer);
        browser.got.push(received(request, browser));
        return { status: 201, headers: { location: `${standIn.url}/message/${randomUUID()}` } };
      } catch (error) {
        return refuse(400, String(error));
      }
    },
  });

  const refuse = (status: number, complaint: string) => {
    complaints.push(complaint);
    return { status };
  };

  const self: WebPushStandIn = {
    url: standIn.url,
    traffic: standIn,
    subscribe(signer) {
      const path = `/push/${randomUUID()}`;
      const privateKey = createECDH('prime256v1');
      const p256dh = privateKey.generateKeys('base64url').replace(/=+$/, '');
      const auth = randomBytes(16).toString('base64url');
      const browser: KeptBrowser = {
        subscription: { endpoint: standIn.url + path, keys: { p256dh, auth } },
        got: [],
        gone: false,
        privateKey,
        auth,
        ...(signer === undefined ? {} : { signer }),
      };
      browsers.set(path, browser);
      return browser;
    },
    complaints,
    misbehave: () => undefined,
    [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
  };
  return self;
}

const Headers = z.object({
  ttl: z.string().regex(/^\d{1,7}$/),
  urgency: z.enum(['very-low', 'low', 'normal', 'high']),
  topic: z.string().regex(/^[\w-]{1,32}$/),
  'content-encoding': z.literal('aes128gcm'),
});

function received({ headers, body, method }: StandInRequest, browser: KeptBrowser): WebPushMessage {
  if (method !== 'POST') throw new Error('not a POST');
  const { ttl, urgency, topic } = Headers.parse(headers);
  const clear = decrypt(body, {
    version: 'aes128gcm',
    privateKey: browser.privateKey,
    authSecret: browser.auth,
  });
  const payload = WebPushPayload.parse(JSON.parse(clear.toString()));
  return { ttl: Number(ttl), urgency, topic, payload };
}

const Claims = z.object({ aud: z.string(), exp: z.number(), sub: z.string().regex(/^(mailto:|https:)/) });

/** RFC 8292: a token signed with ES256 by the key that it comes with, for this origin, for a day at most. */
function checkVapid(
  { authorization = '' }: IncomingHttpHeaders,
  origin: string,
  signer: string | undefined,
): void {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  if (signer !== undefined && key !== signer) throw new Error('signed by another key than subscribed to');
  const [header = '', claims = '', signature = ''] = token.split('.');
  const point = Buffer.from(key, 'base64url');
  if (point.length !== 65 || point[0] !== 4) throw new Error('the key is no uncompressed point');
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const signed = Buffer.from(`${header}.${claims}`);
  const genuine = verify(
    'sha256',
    signed,
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!genuine) throw new Error('the signature is not that of the key');
  z.object({ alg: z.literal('ES256') }).parse(jsonOf(header));
  const { aud, exp } = Claims.parse(jsonOf(claims));
  const seconds = exp - Date.now() / 1_000;
  if (aud !== origin || seconds <= 0 || seconds > MAX_TOKEN_SECONDS)
    throw new Error('not a token for here and now');
}

const jsonOf = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
