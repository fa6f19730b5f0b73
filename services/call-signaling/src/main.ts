import { connectLiveState, runServiceProcess } from '@switchboard/cluster';
import type { LiveCall } from './calls/live-call.ts';
import { signalingConfig } from './config.ts';
import { startSignaling } from './start-signaling.ts';

await runServiceProcess({
  name: 'call-signaling',
  config: signalingConfig,
  start: async (config, engines, checks) =>
    startSignaling(config, { ...engines, ...(await connectLiveState<LiveCall>(engines)), checks }),
});
