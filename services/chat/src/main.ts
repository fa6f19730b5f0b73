import { runServiceProcess } from '@switchboard/cluster';
import { chatConfig } from './config.ts';
import { startChat } from './start-chat.ts';

await runServiceProcess({
  name: 'chat',
  config: chatConfig,
  start: (config, engines, checks) => startChat(config, { ...engines, checks }),
});
