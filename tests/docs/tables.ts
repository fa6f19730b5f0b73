import { z } from 'zod';
import {
  channelsRest,
  type Dialect,
  dialects,
  expoRest,
  jitsiRest,
  nativeAcks,
  nativeRest,
  nativeWebhooksRest,
  peerRest,
  type RestOperation,
  roomsRest,
  sharedLoginRest,
} from '../../packages/dialects/src/index.ts';
import type { Page } from './page.ts';

/** The routes that a client of each vocabulary asks; of those that answer at several paths the first. */
const ROUTES: Readonly<Record<string, readonly RestOperation[]>> = {
  peer: Object.values(peerRest),
  rooms: [
    roomsRest.signup,
    sharedLoginRest.login,
    roomsRest.listRooms,
    roomsRest.createRoom,
    roomsRest.listMessages,
  ],
  jitsi: [sharedLoginRest.login, sharedLoginRest.wrappedLogin, ...Object.values(jitsiRest)],
  expo: [expoRest.register, sharedLoginRest.login, ...Object.values(expoRest).slice(1)],
  channels: Object.values(channelsRest),
  native: [...Object.values(nativeRest), ...Object.values(nativeWebhooksRest)],
};

export function routesOf(vocabulary: string): readonly RestOperation[] {
  return ROUTES[vocabulary] ?? [];
}

/** The page with its tables as the schemas have them now; pages without marks for tables stay as they are. */
export function withTables({ name, text }: Page): string {
  const dialect = [...dialects.values()].find((one) => one.name === name);
  if (!dialect) return text;
  const tables: Readonly<Record<string, string>> = {
    routes: table(['route', 'who', 'body or query', 'reply', ''], routesOf(name).map(routeRow)),
    sent: sentTable(dialect),
    heard: table(['server → client', 'payload', ''], [...dialect.outbound].map(outboundRow)),
  };
  return text.replace(
    /<!-- (routes|sent|heard) -->\n[\s\S]*?<!-- end -->/g,
    (_all, what: string) => `<!-- ${what} -->\n${tables[what]}\n<!-- end -->`,
  );
}

function routeRow({ method, path, access, query, body, replies, summary }: RestOperation): string[] {
  const given = [
    ...(query ? [`\`?${keys(query, 'input').join('&')}\``] : []),
    ...(body ? [code(shape(body, 'input'))] : []),
  ];
  const who = { anonymous: 'anybody', user: 'signed in', admin: 'administrator' }[access];
  const reply = Object.entries(replies)
    .filter(([status]) => Number(status) < 300)
    .map(([status, schema]) =>
      [status, schema instanceof z.ZodUndefined ? '' : code(shape(schema, 'output'))].join(' ').trim(),
    );
  return [code(`${method.toUpperCase()} ${path}`), who, given.join(' '), reply.join(', '), summary];
}

/** Only native promises what acks hold. */
function sentTable({ name, inbound }: Dialect): string {
  const acks: ReadonlyMap<string, z.ZodType> = new Map(name === 'native' ? Object.entries(nativeAcks) : []);
  const rows = [...inbound].map(([event, { schema, summary }]) => {
    const ack = acks.get(event);
    return [code(event), code(shape(schema, 'input')), ...(ack ? [code(shape(ack, 'output'))] : []), summary];
  });
  return table(['client → server', 'payload', ...(acks.size > 0 ? ['ack'] : []), ''], rows);
}

function outboundRow([event, { schema, summary }]: [
  string,
  { schema: z.ZodType; summary: string },
]): string[] {
  return [code(event), code(shape(schema, 'output')), summary];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``;
}

interface Json {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly items?: Json;
  readonly anyOf?: readonly Json[];
  readonly oneOf?: readonly Json[];
  readonly allOf?: readonly Json[];
}

/** The names of an object's fields, `?` behind those that may be absent; types are in the published contracts. */
function shape(schema: z.ZodType, io: 'input' | 'output'): string {
  return shapeOf(z.toJSONSchema(schema, { io }) as Json);
}

function shapeOf(json: Json): string {
  const either = json.anyOf ?? json.oneOf;
  if (either) return [...new Set(either.map(shapeOf))].join(' | ');
  if (json.items) return `[${shapeOf(json.items)}]`;
  if (!json.properties) return '';
  const names = Object.keys(json.properties).map((name) =>
    json.required?.includes(name) ? name : `${name}?`,
  );
  return `{${names.join(', ')}}`;
}

function keys(schema: z.ZodType, io: 'input' | 'output'): string[] {
  return Object.keys((z.toJSONSchema(schema, { io }) as Json).properties ?? {});
}

/** Every name of a field, and every word of a closed list, anywhere in routes and events. */
export function contractWords(): ReadonlySet<string> {
  const words = new Set<string>();
  const collect = (json: unknown): void => {
    if (json === null || typeof json !== 'object') return;
    for (const [key, value] of Object.entries(json)) {
      if (key === 'properties') for (const name of Object.keys(value as object)) words.add(name);
      if (key === 'enum') for (const word of value as unknown[]) words.add(String(word));
      if (key === 'const') words.add(String(value));
      collect(value);
    }
  };
  const add = (schema: z.ZodType | undefined, io: 'input' | 'output') => {
    if (schema && !(schema instanceof z.ZodUndefined)) collect(z.toJSONSchema(schema, { io }));
  };
  for (const dialect of dialects.values() as Iterable<Dialect>) {
    for (const { schema } of dialect.inbound.values()) add(schema, 'input');
    for (const { schema } of dialect.outbound.values()) add(schema, 'output');
  }
  for (const { params, query, body, replies } of Object.values(ROUTES).flat()) {
    for (const schema of [params, query, body]) add(schema, 'input');
    for (const schema of Object.values(replies)) add(schema, 'output');
  }
  return words;
}
