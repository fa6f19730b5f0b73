/** Where a page ends, as text that clients hand back unread: the base64url of the seq. */
export function encodeCursor(seq: number): string {
  return Buffer.from(String(seq)).toString('base64url');
}

/** The seq in a cursor; undefined for anything that `encodeCursor` does not make of a seq (0 or greater). */
export function decodeCursor(cursor: string): number | undefined {
  // 16 digits, the longest safe integer, are 22 characters.
  if (cursor.length > 22) return undefined;
  const seq = Number(Buffer.from(cursor, 'base64url').toString('latin1'));
  const valid = Number.isSafeInteger(seq) && seq >= 0 && encodeCursor(seq) === cursor;
  return valid ? seq : undefined;
}
