import { jitsiMessages, jitsiRest } from '@switchboard/dialects';
import { orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';
import { legacyHistory } from '../messages/legacy-history.ts';

export function jitsiListMessages(context: ChatContext): Route {
  return route({
    ...jitsiRest.listMessages,
    async handle({ actor, query }) {
      const messages = orThrow(await legacyHistory(context, { actor, ...query }));
      return { status: 200, body: jitsiMessages(messages) };
    },
  });
}
