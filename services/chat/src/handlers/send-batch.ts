import { ok, type RequestPayload, type RequestReply, type Result } from '@switchboard/protocol';
import type { ChatContext } from '../context.ts';
import { sendMessages } from '../messages/send-messages.ts';
import { requestFault } from './request-fault.ts';

/** Each message answered by itself, faults included: what became of the others is known all the same. */
export async function sendBatch(
  context: ChatContext,
  batch: RequestPayload<'chat.send.batch'>,
): Promise<Result<RequestReply<'chat.send.batch'>>> {
  const sent = await sendMessages(context, batch);
  return ok({
    answers: sent.map((each) =>
      each.status === 'fulfilled'
        ? each.value
        : { ok: false, error: requestFault(context, 'chat.send.batch', each.reason).rejection },
    ),
  });
}
