import { createLogger, createMetrics, systemClock } from '@switchboard/service-kit';
import { describe, expect, it } from 'vitest';
import { AUTHORIZATION, grantOf } from './authorization.ts';
import { assertSignalingConfig, signalingConfig } from './config.ts';
import { startSignaling } from './start-signaling.ts';

const env = { JWT_SECRET: 'k3Jx0vQm7sWf2Zt9Yb5Lr8Nc1Hd4Gp6A' };

describe('the configuration', () => {
  it('has the defaults that operators rely on', () => {
    expect(signalingConfig.parse(env)).toMatchObject({
      PORT: 3000,
      RING_TIMEOUT_MS: 30_000,
      RECONNECT_GRACE_MS: 15_000,
      RATE_LIMIT_CALLS: { points: 10, windowMs: 60_000 },
      JITSI_DOMAIN: 'meet.jit.si',
      REQUIRE_HANDSHAKE_TOKEN: false,
      JOIN_TIMEOUT_MS: 10_000,
      SESSION_REVERIFY_MS: 60_000,
      PRESENCE_SCOPE: 'everyone',
    });
  });

  it('says everything that is wrong at once', () => {
    const parse = () => signalingConfig.parse({ PRESENCE_SCOPE: 'nobody', RATE_LIMIT_CALLS: 'often' });
    expect(parse).toThrow(/JWT_SECRET[\s\S]*RATE_LIMIT_CALLS|RATE_LIMIT_CALLS[\s\S]*JWT_SECRET/);
    expect(parse).toThrow(/PRESENCE_SCOPE must be one of everyone, contacts/);
  });

  it('refuses half of the Jitsi credentials', () => {
    const half = signalingConfig.parse({ ...env, JITSI_APP_ID: 'x' });
    expect(() => assertSignalingConfig(half)).toThrow(/set both or neither/);
  });

  it('does not start a process without engines', async () => {
    const logger = createLogger({ level: 'silent', service: 'test', nodeId: 'test' });
    const metrics = createMetrics({ service: 'test' });
    const config = signalingConfig.parse({ ...env, PORT: '0' });
    await expect(startSignaling(config, { logger, metrics, clock: systemClock })).rejects.toThrow(
      /engines for: bus, mongo, liveCalls, presence, roomPresence, rates/,
    );
  });
});

describe('the authorization table', () => {
  it('lets nobody but the joining in without authentication, and nothing unlisted', () => {
    const anonymous = Object.entries(AUTHORIZATION).filter(([, { may }]) => may.includes('anonymous'));
    expect(anonymous.map(([type]) => type)).toEqual(['session.join']);
    for (const unlisted of ['chat.delete', 'toString', '__proto__', '']) {
      expect(grantOf(unlisted)).toBeUndefined();
    }
  });
});
