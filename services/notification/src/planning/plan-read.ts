import type { EventOf } from '@switchboard/protocol';
import type { PlanningParts } from './planning-parts.ts';
import { unreadCounts } from './unread-counts.ts';

/** The reader's devices that show what was read, or are about to, let it go. */
export async function planRead(
  { bus, pushes }: Pick<PlanningParts, 'bus' | 'pushes'>,
  {
    conversationId,
    readerId,
    upToSeq,
  }: Pick<EventOf<'chat.message.read'>, 'conversationId' | 'readerId' | 'upToSeq'>,
): Promise<void> {
  const states = await pushes.of(`chat:${conversationId}`, { userId: readerId });
  const read = states.filter(({ content }) => content.type === 'message' && content.seq <= upToSeq);
  if (read.length === 0) return;
  const badge = (await unreadCounts(bus, [readerId])).get(readerId)?.total ?? 0;
  const content = { type: 'conversation.read', conversationId, upToSeq, badge } as const;
  await pushes.put(read.map(({ target, userId }) => ({ target, userId, content })));
}
