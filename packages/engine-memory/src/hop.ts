/**
 * Leaves the caller's turn, as a network would: nothing a caller does after asking can be seen before the answer, and no
 * caller may come to rely on an answer within its own turn.
 */
export function hop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What the value looks like once it has been on the wire: JSON, shared with nobody. */
export function wired<T>(value: T): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}
