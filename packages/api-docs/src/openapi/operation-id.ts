import type { Operation } from '../operation.ts';

/**
 * A name that lasts as long as the route: vocabulary, method, path; `channelsGetApiRoomsByIdSlash` for `GET /api/rooms/:id/`. The
 * trailing slash is said, as it makes another route.
 */
export function operationId({ dialect, method, path }: Operation): string {
  const words = path
    .split('/')
    .filter((segment) => segment !== '')
    .flatMap((segment) => (segment.startsWith(':') ? ['by', segment.slice(1)] : segment.split(/\W+/)));
  const slash = path.endsWith('/') ? ['slash'] : [];
  return camelCase([dialect ?? 'operators', method, ...words, ...slash]);
}

export function camelCase(words: readonly string[]): string {
  return words
    .flatMap((word) => word.split(/\W+/))
    .map((word, index) => (index === 0 ? word : capitalized(word)))
    .join('');
}

export function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
