import { unavailable } from '@switchboard/protocol';
import type { Service } from '@switchboard/service-kit';
import { buildContext, type ChatDeps } from './build-context.ts';
import type { ChatSettings } from './config.ts';
import { serveChat } from './handlers/serve-chat.ts';
import { chatRoutes } from './http/chat-routes.ts';

/** Conversations, rooms, messages and receipts. Several may run on one database; each is answered for by whichever the bus asks. */
export async function createChat(config: ChatSettings, deps: ChatDeps): Promise<Service> {
  const { bus, mongo } = deps;
  const { context, close } = await buildContext(config, deps);
  let serving: AsyncDisposable;
  try {
    serving = await serveChat(bus, context);
  } catch (error) {
    await close();
    throw error;
  }
  /** Outermost first: nobody new, then what is in hand. */
  const stop = async (): Promise<void> => {
    await serving[Symbol.asyncDispose]();
    await close();
  };
  let stopping: Promise<void> | undefined;
  return {
    name: 'chat',
    routes: chatRoutes(context),
    checks: [
      mongo.check,
      {
        name: 'bus',
        async check() {
          if (!bus.health().up) throw unavailable('The bus');
        },
      },
    ],
    [Symbol.asyncDispose]() {
      stopping ??= stop();
      return stopping;
    },
  };
}
