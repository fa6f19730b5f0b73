import { channelsRest } from './channels/rest.ts';
import { peerRest } from './peer/rest.ts';
import type { RestOperation } from './rest-operation.ts';
import { roomsRest } from './rooms/rest.ts';

type Named = Pick<RestOperation, 'method' | 'path'>;

/** Two documents have this path, one of them with a slash at its end; fields mark whose shape a body has. */
interface SlashPair {
  readonly bare: Named;
  readonly slashed: Named;
  readonly marks: { readonly bare: readonly string[]; readonly slashed: readonly string[] };
}

const byIdentifier = { bare: ['username'], slashed: ['email'] };

const PAIRS: readonly SlashPair[] = [
  { bare: peerRest.login, slashed: channelsRest.login, marks: byIdentifier },
  { bare: peerRest.register, slashed: channelsRest.register, marks: byIdentifier },
  {
    bare: peerRest.logout,
    slashed: channelsRest.logout,
    marks: { bare: ['refreshToken', 'refresh_token'], slashed: ['refresh'] },
  },
  {
    bare: roomsRest.createRoom,
    slashed: channelsRest.createRoom,
    marks: { bare: ['roomName', 'title'], slashed: ['room_type'] },
  },
];

/**
 * Lets the two routes of each pair hand over to one another what a body of the other shape asks. One that has the marks of both, or of none, is served where it
 * was sent. Routes that are in no pair are given back as they are.
 */
export function paired<R extends Named>(routes: readonly R[]): R[] {
  const find = ({ method, path }: Named) =>
    routes.find((route) => route.method === method && route.path === path);
  const handOvers = new Map<R, (body: unknown) => R | undefined>();
  for (const { bare, slashed, marks } of PAIRS) {
    const [one, other] = [find(bare), find(slashed)];
    if (!one || !other) continue;
    handOvers.set(one, (body) => (isMarked(body, marks.slashed, marks.bare) ? other : undefined));
    handOvers.set(other, (body) => (isMarked(body, marks.bare, marks.slashed) ? one : undefined));
  }
  return routes.map((route) => {
    const handOver = handOvers.get(route);
    return handOver ? { ...route, handOver } : route;
  });
}

function isMarked(body: unknown, marks: readonly string[], against: readonly string[]): boolean {
  if (body === null || typeof body !== 'object') return false;
  const has = (name: string) => Object.hasOwn(body, name);
  return marks.some(has) && !against.some(has);
}
