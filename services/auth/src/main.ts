import { runServiceProcess } from '@switchboard/cluster';
import { authConfig } from './config.ts';
import { startAuth } from './start-auth.ts';

await runServiceProcess({
  name: 'auth',
  config: authConfig,
  start: (config, engines, checks) => startAuth(config, { ...engines, checks }),
});
