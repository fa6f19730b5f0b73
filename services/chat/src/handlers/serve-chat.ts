import type { Bus } from '@switchboard/ports';
import type { RequestName, RequestPayload, RequestReply, Result } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { countUnread } from '../conversations/count-unread.ts';
import { listConversations } from '../conversations/list-conversations.ts';
import { listFollowers } from '../conversations/list-followers.ts';
import { history, sync } from '../messages/list-messages.ts';
import { sendMessage } from '../messages/send-message.ts';
import { markDelivered } from '../receipts/mark-delivered.ts';
import { markRead } from '../receipts/mark-read.ts';
import { requestFault } from './request-fault.ts';
import { sendBatch } from './send-batch.ts';
import { tellRoom } from './tell-room.ts';

type ChatRequest = Extract<RequestName, `chat.${string}`>;
type ChatHandlers = {
  readonly [N in ChatRequest]: (
    context: ChatContext,
    payload: RequestPayload<N>,
  ) => Promise<Result<RequestReply<N>>>;
};

/** Every request of the bus that is chat's, and who carries it out. */
const HANDLERS: ChatHandlers = {
  'chat.send': sendMessage,
  'chat.send.batch': sendBatch,
  'chat.read': markRead,
  'chat.delivered': markDelivered,
  'chat.sync': sync,
  'chat.history': history,
  'chat.conversations': listConversations,
  'chat.unread': countUnread,
  'chat.followers': listFollowers,
  'chat.room.get': tellRoom,
};

/** Joins the queue groups; disposing finishes what is in hand. */
export async function serveChat(bus: Bus, context: ChatContext): Promise<AsyncDisposable> {
  const names = Object.keys(HANDLERS) as ChatRequest[];
  const serving: AsyncDisposable[] = [];
  const leave = async () => {
    await Promise.all(serving.splice(0).map((each) => each[Symbol.asyncDispose]()));
  };
  try {
    for (const name of names) serving.push(await serve(bus, name, context));
  } catch (error) {
    await leave();
    throw error;
  }
  return { [Symbol.asyncDispose]: leave };
}

function serve<N extends ChatRequest>(bus: Bus, name: N, context: ChatContext): Promise<AsyncDisposable> {
  const handle: ChatHandlers[N] = HANDLERS[name];
  return bus.serve(name, async (payload) => {
    try {
      return await handle(context, payload);
    } catch (error) {
      throw requestFault(context, name, error);
    }
  });
}
