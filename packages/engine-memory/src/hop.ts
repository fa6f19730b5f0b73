/**
 * Leaves the caller's turn, as a network would: nothing a caller does after asking can be seen before the answer, and no
 * caller may come to rely on an answer within its own turn.
 */
export function hop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
