import type { Clock } from '@switchboard/ports';
import { type EventOf, type PushContent, type PushStep, UserId } from '@switchboard/protocol';
import { newEvent } from '@switchboard/service-kit';
import { type PushDoc, targetOf } from '../store/push-model.ts';

const MAX_DETAIL = 64;

/** What became of a push about a call, for its ring ledger; undefined for one about a conversation, of which nobody keeps a ledger. */
export function pushedEvent(
  slot: Pick<PushDoc, 'deviceId' | 'kind' | 'sessionId' | 'userId'>,
  content: PushContent,
  step: PushStep,
  detail: string | undefined,
  clock: Clock,
): EventOf<'call.pushed'> | undefined {
  if (!aboutCall(content)) return undefined;
  return newEvent(
    {
      type: 'call.pushed',
      callId: content.callId,
      userId: UserId.parse(slot.userId),
      target: targetOf(slot),
      content: content.type,
      step,
      ...(detail === undefined ? {} : { detail: detail.slice(0, MAX_DETAIL) }),
    },
    clock,
  );
}

type CallContent = Extract<PushContent, { readonly callId: unknown }>;

function aboutCall(content: PushContent): content is CallContent {
  return content.type.startsWith('call.');
}
