/** Longer tails add nothing that a searcher would type. */
const LENGTH = 32;

/**
 * Every tail of the username and of the name, in lower case: what begins one of them lies somewhere inside the name, so that
 * "contains" is answered by a prefix range of an index.
 */
export function searchKeys(username: string, name: string): string[] {
  const keys = new Set<string>();
  for (const text of [username, name]) {
    const characters = Array.from(searchText(text));
    for (let start = 0; start < characters.length; start += 1) {
      if (characters[start] === ' ') continue;
      keys.add(characters.slice(start, start + LENGTH).join(''));
    }
  }
  return [...keys];
}

/** What is typed and what is stored, made comparable. */
export function searchText(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}

/** The longest beginning of a query that the keys can hold. */
export function searchPrefix(query: string): string {
  return Array.from(searchText(query)).slice(0, LENGTH).join('');
}
