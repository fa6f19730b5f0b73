import type { RequestPayload, RequestReply, Result } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { sendMessages } from './send-messages.ts';

/** `sendMessages` for one. @throws as storing it does, retryable when it is unknown what became of it. */
export async function sendMessage(
  context: ChatContext,
  { actor, to, origin, ...message }: RequestPayload<'chat.send'>,
): Promise<Result<RequestReply<'chat.send'>>> {
  const from = origin === undefined ? { actor, to } : { actor, to, origin };
  const [sent] = await sendMessages(context, { ...from, messages: [message] });
  if (sent?.status !== 'fulfilled') throw sent?.reason;
  return sent.value;
}
