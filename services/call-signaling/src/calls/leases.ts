import type { CallId } from '@switchboard/protocol';
import type { SignalingContext } from '../context.ts';
import { abreast } from './abreast.ts';
import { confirmClaims } from './claims.ts';
import type { HostedCall } from './hosted-calls.ts';
import { transition } from './transition.ts';

/**
 * Says for every seat held by a socket of this node that it is alive. A call that the store has lost is thereby found missing, and put
 * back.
 */
export async function renewLeases(context: SignalingContext): Promise<void> {
  await abreast(context.calls.hosted.entries(), ([callId, call]) => renew(context, callId, call));
}

async function renew(context: SignalingContext, callId: CallId, call: HostedCall): Promise<void> {
  try {
    const deviceIds = [...call.devices.keys()];
    const outcome = await transition(context, callId, { type: 'renew', deviceIds });
    if (!outcome.ok) {
      // Over, and this node did not hear of it.
      for (const deviceId of deviceIds) context.calls.hosted.drop(deviceId);
      context.calls.timers.clear(callId);
      return;
    }
    if (!(await confirmClaims(context, outcome.state))) {
      context.logger.warn({ callId }, 'a party of a live call is claimed by another');
    }
  } catch (err) {
    context.logger.warn({ callId, err }, 'call lease could not be renewed');
  }
}
