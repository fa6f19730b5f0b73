import { channelsMessages, channelsRest, listAsk } from '@switchboard/dialects';
import { type Message, orThrow } from '@switchboard/protocol';
import { type Route, route } from '@switchboard/service-kit';
import type { ChatContext } from '../../context.ts';
import { emailsOf } from '../../rooms/emails-of.ts';
import { MESSAGES_LISTED, roomMessages } from '../../rooms/room-messages.ts';
import { pageOf, type Range } from './page.ts';
import { roomIn } from './room-in.ts';

export function channelsListMessages(context: ChatContext): Route {
  const shown = async (messages: readonly Message[]) =>
    channelsMessages(
      messages,
      await emailsOf(
        context,
        messages.map(({ sender }) => sender.id),
      ),
    );

  return route({
    ...channelsRest.listMessages,
    async handle({ actor, params, query, origin, url }) {
      const roomId = roomIn(params);
      const ask = listAsk(query);
      if (!ask.paged && !context.config.CHANNELS_PAGINATION) {
        const all = { actor, roomId, limit: MESSAGES_LISTED, order: 'newest' } as const;
        return { status: 200, body: await shown(orThrow(await roomMessages(context, all)).messages) };
      }
      const read = async ({ after, before, ...range }: Range) => {
        const { messages, next, total } = orThrow(
          await roomMessages(context, {
            ...range,
            actor,
            roomId,
            search: ask.search,
            afterSeq: after,
            beforeSeq: before,
            withTotal: true,
          }),
        );
        return { items: await shown(messages), next, total };
      };
      return { status: 200, body: await pageOf({ ask, origin, url, read, idOf: ({ id }) => id }) };
    },
  });
}
