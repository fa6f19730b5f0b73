import type { RequestName, SwitchboardError } from '@switchboard/protocol';
import { mongoFault } from '@switchboard/service-kit';
import type { ChatContext } from '../context.ts';

/** What whoever asked is told of a fault; one that nobody foresaw is logged. */
export function requestFault(
  { logger }: Pick<ChatContext, 'logger'>,
  request: RequestName,
  err: unknown,
): SwitchboardError {
  const fault = mongoFault(err);
  if (fault.code === 'INTERNAL') logger.error({ request, err }, 'a request failed');
  return fault;
}
