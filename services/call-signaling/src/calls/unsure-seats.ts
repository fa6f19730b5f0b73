import type { SignalingContext } from '../context.ts';
import { abreast } from './abreast.ts';
import { catchUp } from './transition.ts';

/**
 * Looks after the seats that sockets of this node have taken without hearing so from the store. Not every client asks again; and one that is gone holds a seat
 * of which nobody would ever say that it is lost.
 */
export async function settleUnsure(context: SignalingContext): Promise<void> {
  const { unsure } = context.calls;
  await abreast([...unsure], async ([session, taken]) => {
    try {
      await catchUp(context, taken);
    } catch (err) {
      context.logger.debug({ callId: taken.callId, err }, 'whether a seat was taken is not known yet');
      return;
    }
    if (unsure.get(session) === taken) unsure.delete(session);
  });
}
