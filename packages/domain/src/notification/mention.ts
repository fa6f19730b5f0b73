/** The longest username, and one character behind it. */
const TAIL = 66;
/** Of one message; whoever names more people than these names nobody in particular. */
const MAX_TAILS = 50;

/** A username is anything without an @, spaces included: so what may follow one is told by its end. */
const WORD = /[\p{L}\p{N}_]/u;
const STARTS = /(?<![\p{L}\p{N}_])@(?=\S)/gu;

/**
 * What stands behind each @ that may begin a mention, in lower case and cut to what a username can be long: enough to tell later whether it names
 * a user. An @ inside a word, such as an e-mail address, begins none.
 */
export function mentionTails(text: string): string[] {
  const tails = new Set<string>();
  for (const { index } of text.matchAll(STARTS)) {
    tails.add(text.slice(index + 1, index + 1 + TAIL).toLowerCase());
    if (tails.size === MAX_TAILS) break;
  }
  return [...tails];
}

/** Whether one of these names the user. `@bob` is no mention of bo, and `@bob.b` none of bob, but `@bob.` is. */
export function isMentioned(tails: readonly string[], username: string): boolean {
  const name = username.toLowerCase();
  return tails.some((tail) => {
    if (!tail.startsWith(name)) return false;
    const [next = '', second = ''] = tail.slice(name.length);
    if (next === '.' || next === '-') return !WORD.test(second);
    return !WORD.test(next);
  });
}
