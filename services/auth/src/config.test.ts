import { createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import { ConfigError, redacted, systemClock } from '@switchboard/service-kit';
import { describe, expect, it } from 'vitest';
import { authConfig } from './config.ts';
import { startAuth } from './start-auth.ts';

const JWT_SECRET = 'a'.repeat(64);

describe('the settings', () => {
  it('default to an open, limited service with a hash of a quarter of a second', () => {
    expect(authConfig.parse({ JWT_SECRET })).toMatchObject({
      REGISTRATION: 'open',
      RATE_LIMIT_LOGIN: { points: 5, windowMs: 900_000 },
      REFRESH_TOKEN_TTL: 30 * 86_400_000,
      ACCESS_TOKEN_TTL: 86_400_000,
      BCRYPT_COST: 12,
      SEED_DEMO: false,
      ADMIN_USERNAME: 'admin',
    });
  });

  it('report every problem at once, without values', () => {
    const parse = () =>
      authConfig.parse({
        JWT_SECRET,
        REGISTRATION: 'maybe',
        BCRYPT_COST: '3',
        ADMIN_PASSWORD: 'short-7',
        RATE_LIMIT_LOGIN: 'x',
      });
    expect(parse).toThrow(ConfigError);
    expect(parse).toThrow(/REGISTRATION[\s\S]*RATE_LIMIT_LOGIN[\s\S]*BCRYPT_COST[\s\S]*ADMIN_PASSWORD/);
    expect(parse).not.toThrow(/short-7/);
  });

  it.each(['root@example.com', 'the boss', 'naïve', ' ', 'x'.repeat(65)])(
    'refuse %j for the administrator, who could never log in',
    (ADMIN_USERNAME) => {
      const parse = () => authConfig.parse({ JWT_SECRET, ADMIN_USERNAME });
      expect(parse).toThrow(/ADMIN_USERNAME must be a username: 1 to 64 letters/);
    },
  );

  it('take for the administrator what registration takes, blanks around it dropped', () => {
    const { ADMIN_USERNAME } = authConfig.parse({ JWT_SECRET, ADMIN_USERNAME: ' The.boss_1-a ' });
    expect(ADMIN_USERNAME).toBe('The.boss_1-a');
  });

  it('hide the administrator’s password', () => {
    const shown = redacted(authConfig.parse({ JWT_SECRET, ADMIN_PASSWORD: 'very-secret-1' }));
    expect(JSON.stringify(shown)).not.toContain('very-secret-1');
  });
});

describe('starting', () => {
  const config = authConfig.parse({ JWT_SECRET, MONGO_URL: 'mongodb://127.0.0.1:1/?directConnection=true' });

  it('refuses to guess a bus and counters', async () => {
    await expect(startAuth(config)).rejects.toThrow(/NATS_URL[\s\S]*REDIS_URL/);
  });

  it('says that the database is away', { timeout: 15_000 }, async () => {
    const bus = createMemoryBus({ clock: systemClock });
    const rates = createMemoryRateLimits({ clock: systemClock });
    const started = startAuth({ ...config, LOG_LEVEL: 'silent' }, { bus, rates });
    await expect(started).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
    await bus.close();
  });
});
