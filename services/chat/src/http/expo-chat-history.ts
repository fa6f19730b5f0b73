import { expoRest, expoChatHistory as shown } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { legacyHistory } from '../messages/legacy-history.ts';

export function expoChatHistory(context: ChatContext): Route {
  return route({
    ...expoRest.chatHistory,
    async handle({ actor, params, query }) {
      const messages = orThrow(await legacyHistory(context, { actor, with: params.userId, ...query }));
      return { status: 200, body: shown(messages.toReversed()) };
    },
  });
}
