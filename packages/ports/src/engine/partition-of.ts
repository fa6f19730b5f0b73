/**
 * Which of `count` partitions a key falls into, the same on every node: FNV-1a, 32 bits. Keys are short, and all that matters is an even spread.
 * Part of what is stored: another function would not find what the old one put away.
 */
export function partitionOf(key: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count;
}
