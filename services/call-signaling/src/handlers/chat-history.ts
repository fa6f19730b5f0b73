import type { Handler } from '../context.ts';

export const chatHistory: Handler<'chat.history'> = (session, { type, ...query }, { bus }) =>
  bus.request(type, { ...query, actor: session.identity });
