/**
 * refused: the URL is not one that we ask (scheme, credentials, private address); trying again would not help until it changes. unresolved: the name has no
 * address. unreachable: no connection, or it broke. timeout: not done in time. closed: this process is on its way down.
 */
export type OutsideFailure = 'refused' | 'unresolved' | 'unreachable' | 'timeout' | 'closed';

/** A request that got no reply. Its message is safe to log and to show: it holds neither the URL nor what was sent. */
export class OutsideError extends Error {
  readonly failure: OutsideFailure;

  constructor(failure: OutsideFailure, message: string) {
    super(message);
    this.name = 'OutsideError';
    this.failure = failure;
  }
}
