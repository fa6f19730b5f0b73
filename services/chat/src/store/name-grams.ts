const LONGEST = 3;
/** No name is longer unless made of characters that stand for several; what lies beyond is not found. */
const INDEXED = 256;

/** What is typed and what is stored, made comparable. */
export function searchText(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/**
 * Every piece of one, two and three characters in a name. A name that holds a query holds the query's pieces, too, so that "contains" is answered by
 * equality with one of them: an index on the pieces and the id then gives the rooms in the order in which they are listed.
 */
export function nameGrams(name: string): string[] {
  const characters = Array.from(searchText(name)).slice(0, INDEXED);
  const grams = new Set<string>();
  for (let start = 0; start < characters.length; start += 1) {
    for (let size = 1; size <= LONGEST && start + size <= characters.length; size += 1) {
      grams.add(characters.slice(start, start + size).join(''));
    }
  }
  return [...grams];
}

/** The pieces that names holding this text must have, as long as they can be: the longer, the rarer. */
export function queryGrams(text: string): string[] {
  const characters = Array.from(searchText(text)).slice(0, INDEXED);
  const size = Math.min(LONGEST, characters.length);
  const grams = new Set<string>();
  for (let start = 0; size > 0 && start + size <= characters.length; start += 1) {
    grams.add(characters.slice(start, start + size).join(''));
  }
  return [...grams];
}
