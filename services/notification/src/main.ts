import { runServiceProcess } from '@switchboard/cluster';
import { notificationConfig } from './config.ts';
import { startNotification } from './start-notification.ts';

await runServiceProcess({
  name: 'notification',
  config: notificationConfig,
  start: (config, engines, checks) => startNotification(config, { ...engines, checks }),
});
