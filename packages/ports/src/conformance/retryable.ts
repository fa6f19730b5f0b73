import { SwitchboardError } from '@switchboard/protocol';
import { expect } from 'vitest';

/** Expects the work to fail as "away, try again". */
export async function expectUnavailable(work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(SwitchboardError);
  expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryable: true });
}
