import { presentRestErrorAt } from '@switchboard/dialects';
import { type RunningService, type ServiceOverrides, startService } from '@switchboard/service-kit';
import type { NotificationConfig } from './config.ts';
import type { NotificationDeps } from './context.ts';
import { createNotification } from './create-notification.ts';

export type NotificationOverrides = ServiceOverrides<NotificationDeps>;
export type RunningNotification = RunningService;

/** Notification with an HTTP server of its own. @throws ConfigError naming the engines that are missing. */
export function startNotification(
  config: NotificationConfig,
  overrides: NotificationOverrides = {},
): Promise<RunningNotification> {
  return startService<NotificationDeps>(
    {
      name: 'notification',
      config: {
        host: config.HOST,
        port: config.PORT,
        clientOrigins: config.CLIENT_URL,
        trustProxy: config.TRUST_PROXY,
        jwtSecret: config.JWT_SECRET,
      },
      presentError: presentRestErrorAt,
      create: (deps) => createNotification(config, deps),
    },
    overrides,
  );
}
