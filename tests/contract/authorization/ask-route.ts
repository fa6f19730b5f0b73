import { randomUUID } from 'node:crypto';
import { fixtures } from '../../../packages/dialects/src/fixtures/all.ts';
import type { RestFixture } from '../../../packages/dialects/src/fixtures/fixture.ts';
import type { Person } from '../../harness/people.ts';
import { inScene, type Scene } from '../in-scene.ts';

/** The parts of a route that say how to ask it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
}

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

const golden: readonly RestFixture[] = [...fixtures.values()].flatMap(({ rest }) => rest);

function goldenFor(method: string, path: string): RestFixture | undefined {
  return golden.find(
    ({ operation, status }) => operation.method === method && operation.path === path && status < 300,
  );
}

/** The path that the document has for one that is served besides: under `/api`, or without its slash. */
function documented(path: string): string {
  const bare = path.replace(/^\/api(?=\/auth\/)/, '');
  return bare.endsWith('/') ? bare : `${bare}/`;
}

/** For parameters that no fixture of a vocabulary has. */
const PARAMETERS: Readonly<Record<string, string>> = { file: 'docs.css' };

/** A request that is well-formed and names what is in the scene: the golden fixture's, said by this person (nobody: anonymous). */
export function requestFor({ method, path }: Asked, scene: Scene, person: Person | undefined): Request {
  const fixture = goldenFor(method, path) ?? goldenFor(method, documented(path));
  const { params, query, body } = fixture?.request ?? {};
  const named = { ...PARAMETERS, ...(inScene(params?.sent, scene) as Record<string, string> | undefined) };
  const at = path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(String(named[name] ?? scene.other)),
  );
  const asked = new URLSearchParams(inScene(query?.sent ?? {}, scene) as Record<string, string>);
  // Where a page begins is a matter of what there is, not of who may look.
  for (const position of ['before', 'after']) asked.delete(position);
  const own = ownWords(path, person);
  return {
    method: method.toUpperCase(),
    path: asked.size > 0 ? `${at}?${asked}` : at,
    ...(body?.sent === undefined ? {} : { body: inOnesOwnName(inScene(body.sent, scene), own) }),
  };
}

type Own = Readonly<Record<string, string | undefined>>;

/** What a request must say that a fixture cannot know. */
function ownWords(path: string, person: Person | undefined): Own {
  if (/\/(register|signup)\/?$/.test(path)) return newcomer();
  if (/\/rooms\/?$/.test(path)) return { name: `room-${randomUUID()}` };
  return credentials(person);
}

function credentials(person: Person | undefined): Own {
  return {
    username: person?.username ?? 'nobody',
    identifier: person?.username ?? 'nobody',
    email: person?.email ?? 'nobody@example.test',
    password: person?.password ?? 'password',
    currentPassword: person?.password ?? 'password',
    accessToken: person?.token,
    refreshToken: person?.refreshToken ?? 'nonsense',
    refresh: person?.refreshToken ?? 'nonsense',
  };
}

function newcomer(): Own {
  const username = `newcomer-${randomUUID().slice(0, 8)}`;
  const password = `pw-${randomUUID()}`;
  return {
    username,
    email: `${username}@example.test`,
    password,
    confirm_password: password,
    invitationCode: undefined,
    invitation_code: undefined,
  };
}

/** Fields by which a person is known, in that person's words; what stands as undefined is left out. */
function inOnesOwnName(body: unknown, own: Own): unknown {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body;
  const entries = Object.entries(body).map(([field, value]) => [field, field in own ? own[field] : value]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
