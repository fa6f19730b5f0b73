import { presentRestErrorAt } from '@switchboard/dialects';
import { type RunningService, type ServiceOverrides, startService } from '@switchboard/service-kit';
import type { ChatDeps } from './build-context.ts';
import type { ChatConfig } from './config.ts';
import { createChat } from './create-chat.ts';

export type ChatOverrides = ServiceOverrides<ChatDeps>;
export type RunningChat = RunningService;

/** Chat with an HTTP server of its own. @throws ConfigError naming the engines that are missing. */
export function startChat(config: ChatConfig, overrides: ChatOverrides = {}): Promise<RunningChat> {
  return startService<ChatDeps>(
    {
      name: 'chat',
      config: {
        host: config.HOST,
        port: config.PORT,
        clientOrigins: config.CLIENT_URL,
        trustProxy: config.TRUST_PROXY,
        jwtSecret: config.JWT_SECRET,
      },
      presentError: presentRestErrorAt,
      create: (deps) => createChat(config, deps),
    },
    overrides,
  );
}
