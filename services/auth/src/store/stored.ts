import { mongoFault } from '@switchboard/service-kit';

/** Runs one access to the store. @throws SwitchboardError, retryable when the database is away or the outcome unknown. */
export async function stored<T>(access: () => PromiseLike<T>): Promise<T> {
  try {
    return await access();
  } catch (cause) {
    throw mongoFault(cause);
  }
}
