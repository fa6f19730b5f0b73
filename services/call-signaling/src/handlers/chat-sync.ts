import type { Handler } from '../context.ts';

export const chatSync: Handler<'chat.sync'> = (session, { type, ...query }, { bus }) =>
  bus.request(type, { ...query, actor: session.identity });
