import type { CallRefusal } from '@switchboard/domain';
import { reject } from '@switchboard/protocol';

const MESSAGES = {
  CALL_NOT_FOUND: 'No such call, or it is over',
  PERMISSION_DENIED: 'Not your call, or not the device that is in it',
  CALL_IN_PROGRESS: 'Already in a call',
  INVALID_DATA: 'Not possible in this call',
  ANSWERED_ELSEWHERE: 'Answered on another device',
} as const satisfies Record<CallRefusal, string>;

/** The domain's refusal as clients know it. A device that lost the race to answer finds its user in a call. */
export function refuse(refusal: CallRefusal): ReturnType<typeof reject> {
  const code = refusal === 'ANSWERED_ELSEWHERE' ? 'CALL_IN_PROGRESS' : refusal;
  return reject(code, MESSAGES[refusal]);
}
