/**
 * Runs `work` with a signal that aborts when `ms` are over or `outer` aborts, and rejects then, whether or not `work` listens. Nothing is left hanging on
 * `outer`, which may live as long as the process.
 */
export async function within<T>(
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  let fail: (error: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const end = (): void => {
    const error = new Error('out of time');
    ending.abort(error);
    fail(error);
  };
  const timer = setTimeout(end, ms);
  outer.addEventListener('abort', end, { once: true });
  if (outer.aborted) end();
  try {
    return await Promise.race([work(ending.signal), ended]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', end);
  }
}
