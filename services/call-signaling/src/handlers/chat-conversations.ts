import type { Handler } from '../context.ts';

export const chatConversations: Handler<'chat.conversations'> = (session, { type, ...query }, { bus }) =>
  bus.request(type, { ...query, actor: session.identity });
