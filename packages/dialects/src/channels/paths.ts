import { NoBody, type RestOperation } from '../rest-operation.ts';
import { channelsRest } from './rest.ts';

/** Paths without the slash that another document has; they are never redirected, and its routes answer there. */
const TAKEN = new Set([
  '/auth/register',
  '/auth/login',
  '/auth/logout',
  '/api/auth/register',
  '/api/auth/login',
  '/api/rooms',
  '/api/rooms/:id/messages',
]);

/**
 * Every path that answers like this operation's own, which is the first: later clients have accounts below `/api`, and what is not read is served without the
 * slash, too, since a redirect would lose its body.
 */
export function channelsPaths({ method, path }: Pick<RestOperation, 'method' | 'path'>): string[] {
  const slashed = path.startsWith('/auth/') ? [path, `/api${path}`] : [path];
  return method === 'get' ? slashed : [...slashed, ...slashed.map(bare).filter((other) => !TAKEN.has(other))];
}

function bare(path: string): string {
  return path.replace(/\/$/, '');
}

/** Every route of the document, at each of its paths. */
const served: readonly RestOperation[] = Object.values<RestOperation>(channelsRest).flatMap((operation) =>
  channelsPaths(operation).map((path) => ({ ...operation, path })),
);

/** What is read is sent to the path with the slash; also where only writing is served, as Django's middleware does before it looks. */
export const channelsRedirects: readonly RestOperation[] = [
  ...new Set(served.map(({ path }) => bare(path)).filter((path) => !TAKEN.has(path))),
].map((path) => ({
  method: 'get',
  path,
  dialect: 'channels',
  access: 'anonymous',
  summary: 'Redirects to the path with the trailing slash; the query is kept.',
  replies: { 301: NoBody },
}));

export const channelsOperations: readonly RestOperation[] = [...served, ...channelsRedirects];

/** Where such a redirect leads. @param url Path and query as asked for. */
export function slashedUrl(url: string): string {
  const { pathname, search } = new URL(url, 'http://unused.invalid');
  return `${pathname}/${search}`;
}
