/** A regular expression that matches this text and no other, for the server's dialect and JavaScript's alike. */
export function literalPattern(text: string): string {
  // A pattern travels as a C string, so a NUL must be spelled.
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&').replaceAll('\0', '\\x00');
}
