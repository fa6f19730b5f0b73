/**
 * How many messages of a conversation a member has yet to read. Seqs have no holes, so subtraction counts them.
 *
 * `lastSeq`: of the newest message, 0 when there is none. `readSeq`: up to where the member has read. `ownAfterRead`: how many of those after
 * it are the member's own, which one does not read.
 */
export function unread(lastSeq: number, readSeq: number, ownAfterRead = 0): number {
  return Math.max(0, lastSeq - readSeq - ownAfterRead);
}
