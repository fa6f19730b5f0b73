import type { Handler } from '../context.ts';

export const chatRead: Handler<'chat.read'> = (session, { type, ...query }, { bus }) =>
  bus.request(type, { ...query, actor: session.identity });
