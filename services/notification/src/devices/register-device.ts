import {
  type DialectName,
  type Identity,
  ok,
  type Platform,
  PushDeviceId,
  type Result,
  reject,
  unavailable,
} from '@switchboard/protocol';
import { uuidv7 } from '@switchboard/service-kit';
import { OutsideError } from '../outside/outside-error.ts';
import type { DeviceTraits } from '../store/device-records.ts';
import { addressKey, isPointOnP256, newWebhookSecret } from './device-address.ts';
import type { DeviceContext } from './device-context.ts';
import type { DeviceAddress, StoredDevice } from './device-store.ts';
import { tellChanged } from './tell-changed.ts';

/** Where a client says that it is reached. */
export type GivenAddress =
  | { readonly kind: 'expo'; readonly token: string }
  | {
      readonly kind: 'web-push';
      readonly subscription: {
        readonly endpoint: string;
        readonly keys: { readonly p256dh: string; readonly auth: string };
      };
    }
  | { readonly kind: 'webhook'; readonly url: string };

export interface DeviceRegistration {
  readonly address: GivenAddress;
  readonly dialect: DialectName;
  readonly platform?: Platform | undefined;
  readonly name?: string | undefined;
  readonly appVersion?: string | undefined;
}

export interface RegisteredDevice {
  readonly device: StoredDevice;
  /** It was there before, and is refreshed. */
  readonly known: boolean;
  /** Of a webhook that was not there before. */
  readonly signingSecret?: string;
}

const ATTEMPTS = 5;
const PLATFORMS = { expo: 'other', 'web-push': 'web', webhook: 'other' } as const;

/**
 * Ties a push target to the session that registers it. One app or browser shows one address, whoever uses it: another session that held it was before this one on the
 * same device, and its user's calls and messages must not light up this user's screen.
 *
 * The race with the end of the session: a log-out is stored first and then told. So the device is stored unseen, then the owner of sessions is asked anew, and only
 * if the session lives is the device confirmed. A log-out stored before the question is seen by it; of one stored later the event comes after the device was
 * stored, and takes it away, confirmed or not: then there is nothing left to confirm, and the session is asked after again.
 *
 * Refuses with INVALID_DATA, RATE_LIMITED, and with UNAUTHORIZED when the session is over. @throws SwitchboardError while it cannot be asked after.
 */
export async function registerDevice(
  context: DeviceContext,
  actor: Identity,
  registration: DeviceRegistration,
): Promise<Result<RegisteredDevice>> {
  const sound = checked(context, registration.address);
  if (!sound.ok) return sound;
  const allowed = await withinLimit(context, actor);
  if (!allowed.ok) return allowed;
  const traits = traitsOf(registration);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stored = await store(context, actor, traits);
    if (!stored) continue;
    const alive = await confirm(context, actor, stored.id);
    if (!alive.ok) return alive;
    // Gone again: taken away with the session, or by another one on the same device.
    if (!alive.value) continue;
    await settle(context, alive.value);
    const { known, secret } = stored;
    return ok({ device: alive.value, known, ...(secret === undefined ? {} : { signingSecret: secret }) });
  }
  throw unavailable('The device');
}

/** The session's device with this address, known or new; undefined when somebody else took the address in between. */
async function store(
  context: DeviceContext,
  { id: userId, sessionId }: Identity,
  traits: DeviceTraits,
): Promise<{ readonly id: PushDeviceId; readonly known: boolean; readonly secret?: string } | undefined> {
  const { devices, clock } = context;
  const key = addressKey(traits.address, sessionId);
  const at = new Date(clock.now());
  const known = await devices.refresh(key, { userId, sessionId }, traits, at);
  if (known) return { id: known.id, known: true };
  for (const former of await devices.removeAddress(key)) tellChanged(context, former);
  const id = PushDeviceId.parse(uuidv7(at.getTime()));
  const device = {
    id,
    userId,
    sessionId,
    kind: traits.address.kind,
    createdAt: at,
    lastSeenAt: at,
    ...traits,
  };
  if (!(await devices.insert(device, key))) return undefined;
  return {
    id,
    known: false,
    ...(traits.address.kind === 'webhook' ? { secret: traits.address.secret } : {}),
  };
}

async function confirm(
  { bus, devices, clock }: DeviceContext,
  { id: userId, sessionId }: Identity,
  id: PushDeviceId,
): Promise<Result<StoredDevice | undefined>> {
  try {
    const alive = await bus.request('auth.session.check', { userId, sessionId });
    if (alive.ok) return ok(await devices.confirm(id, new Date(clock.now())));
    if (alive.error.code === 'UNAUTHORIZED') await devices.remove(id);
    else await devices.takeBack(id);
    return alive;
  } catch (error) {
    await devices.takeBack(id);
    throw error;
  }
}

/** An app has one token and a browser one subscription at a time: the one before is worth nothing. */
async function settle(context: DeviceContext, device: StoredDevice): Promise<void> {
  if (device.kind !== 'webhook') await context.devices.removeBefore(device);
  await context.devices.trim(device.userId);
  tellChanged(context, device.userId);
}

function checked({ outside }: DeviceContext, address: GivenAddress): Result<undefined> {
  if (address.kind === 'expo') return ok(undefined);
  const [field, url] =
    address.kind === 'webhook'
      ? ['url', address.url]
      : ['subscription.endpoint', address.subscription.endpoint];
  try {
    outside.assertTarget(url);
  } catch (error) {
    if (error instanceof OutsideError) return invalid(field, error.message);
    throw error;
  }
  if (address.kind === 'web-push' && !isPointOnP256(address.subscription.keys.p256dh)) {
    return invalid('subscription.keys.p256dh', 'must be an uncompressed point on P-256');
  }
  return ok(undefined);
}

function invalid(field: string, message: string) {
  return reject('INVALID_DATA', `Invalid ${field}`, { fields: { [field]: [{ rule: 'invalid', message }] } });
}

function traitsOf({ address, dialect, platform, name, appVersion }: DeviceRegistration): DeviceTraits {
  return {
    platform: platform ?? PLATFORMS[address.kind],
    dialect,
    ...(name === undefined ? {} : { name }),
    ...(appVersion === undefined ? {} : { appVersion }),
    address: addressOf(address),
  };
}

function addressOf(given: GivenAddress): DeviceAddress {
  switch (given.kind) {
    case 'expo':
      return { kind: 'expo', token: given.token };
    case 'web-push': {
      const { endpoint, keys } = given.subscription;
      return { kind: 'web-push', endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } };
    }
    case 'webhook':
      return { kind: 'webhook', url: given.url, secret: newWebhookSecret() };
  }
}

async function withinLimit(
  { config, rates, logger }: DeviceContext,
  { id: userId }: Identity,
): Promise<Result<undefined>> {
  const rule = config.RATE_LIMIT_DEVICES;
  if (rule === 'off') return ok(undefined);
  try {
    const { allowed, retryAfterMs } = await rates.take(`devices:${userId}`, rule);
    return allowed
      ? ok(undefined)
      : reject('RATE_LIMITED', 'Too many registrations of devices', { retryable: true, retryAfterMs });
  } catch (err) {
    logger.warn({ userId, err }, 'device limit not checked');
    return ok(undefined);
  }
}
