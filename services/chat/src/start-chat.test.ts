import { randomBytes } from 'node:crypto';
import { startTestMongo } from '@switchboard/embedded-mongo/testing';
import { createMemoryBus, createMemoryRateLimits } from '@switchboard/engine-memory';
import {
  ConfigError,
  connectMongo,
  createLogger,
  createMetrics,
  systemClock,
} from '@switchboard/service-kit';
import { expect, it } from 'vitest';
import { chatConfig } from './config.ts';
import { startChat } from './start-chat.ts';

const config = chatConfig.parse({ JWT_SECRET: randomBytes(32).toString('hex'), PORT: '0' });
const logger = createLogger({ level: 'silent', service: 'chat', nodeId: 'test' });

it('refuses to start without the engines of a cluster, naming them', async () => {
  await expect(startChat(config, { logger, clock: systemClock })).rejects.toThrow(ConfigError);
  await expect(startChat(config, { logger, clock: systemClock })).rejects.toThrow(
    /bus, metrics, mongo, rates/,
  );
});

it('is ready while bus and database are there, refuses strangers, and stops cleanly', async () => {
  await using database = await startTestMongo();
  await using mongo = await connectMongo(database.url, { logger, appName: 'test' });
  const bus = createMemoryBus({ clock: systemClock });
  const chat = await startChat(config, {
    bus,
    logger,
    mongo,
    clock: systemClock,
    metrics: createMetrics({ service: 'chat' }),
    rates: createMemoryRateLimits({ clock: systemClock }),
  });
  expect((await fetch(`${chat.url}/readyz`)).status).toBe(200);
  expect((await fetch(`${chat.url}/api/messages`)).status).toBe(401);
  const unknown = await fetch(`${chat.url}/api/v1/nothing`);
  expect([unknown.status, await unknown.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
  await bus.close();
  expect((await fetch(`${chat.url}/readyz`)).status).toBe(503);
  await chat[Symbol.asyncDispose]();
  await expect(fetch(`${chat.url}/readyz`)).rejects.toThrow();
});
