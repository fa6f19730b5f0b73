import type { DialectName } from '@switchboard/protocol';

type Rule = readonly [pattern: RegExp, dialect: DialectName];

/**
 * Whose words a path is answered in, first match. Where two documents share a path but for the trailing slash, the
 * slash decides; `/api/auth/login` is shared by rooms and expo, and the errors of rooms hold those of expo.
 */
const RULES: readonly Rule[] = [
  [/^\/api\/v1(\/|$)/, 'native'],
  [/^\/ws(\/|$)/, 'channels'],
  [/^\/admin\/webhooks(\/|$)/, 'native'],
  [/^\/admin\/calls(\/|$)/, 'native'],
  [/^\/admin(\/|$)/, 'peer'],
  [/^\/(api\/)?auth\/(profile|token)(\/|$)/, 'channels'],
  [/^\/api\/auth\/logout$/, 'channels'],
  [/^\/(api\/)?auth\/.+\/$/, 'channels'],
  [/^\/auth(\/|$)/, 'peer'],
  [/^\/api\/auth\/(register|refresh-token|expo-push-token)$/, 'expo'],
  [/^\/api\/auth(\/|$)/, 'rooms'],
  [/^\/api\/rooms(\/[^/]+\/messages)?$/, 'rooms'],
  [/^\/api\/rooms\//, 'channels'],
  [/^\/api\/(chat|call)(\/|$)/, 'expo'],
  [/^\/api\/users\/search\/?$/, 'peer'],
  [/^\/api\/(users|messages|login)(\/|$)/, 'jitsi'],
];

/**
 * The dialect in whose words an error at this path is said; native where no document claims it.
 * `path` is the pathname as asked for; a query string is ignored. No two documents split one path by method.
 */
export function dialectOfPath(_method: string, path: string): DialectName {
  const pathname = path.split('?', 1)[0] ?? path;
  return RULES.find(([pattern]) => pattern.test(pathname))?.[1] ?? 'native';
}
