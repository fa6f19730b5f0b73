import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Identity,
  ok,
  type Rejection,
  reject,
  SessionId,
  SwitchboardError,
  UserId,
} from '@switchboard/protocol';
import { z } from 'zod';
import type { SessionVerifier } from '../auth/session-verifier.ts';
import { createLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import type { HealthCheck } from '../service.ts';
import { createHttpApp } from './http-app.ts';
import { listen } from './listen.ts';
import type { PresentError } from './present-fault.ts';
import { route } from './route.ts';

const STATUS: Partial<Record<Rejection['code'], number>> = {
  INVALID_DATA: 400,
  UNAUTHORIZED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  SERVICE_UNAVAILABLE: 503,
};
const identity = (role: Identity['role']): Identity => ({
  id: UserId.parse('7'),
  username: 'alice',
  name: 'Alice',
  email: null,
  role,
  sessionId: SessionId.parse('018f3f4e-0000-7000-8000-000000000001'),
});
const verifier: SessionVerifier = {
  async verify(token) {
    if (token === 'user' || token === 'admin') return ok(identity(token));
    const detail = token === undefined ? 'missing_token' : 'bad_token';
    return reject('UNAUTHORIZED', 'no', { detail });
  },
};
const Body = z.object({ name: z.string().min(2), age: z.number().int().optional() });
const common = { dialect: null, summary: 'x', replies: {} } as const;

const right = route({
  ...common,
  dialect: 'channels',
  method: 'post',
  path: '/pair/',
  access: 'anonymous',
  body: z.object({ right: z.string() }),
  handle: async () => ({ status: 200, body: { said: 'right' } }),
});

export const routes = [
  route({
    ...common,
    method: 'get',
    path: '/users/:id',
    access: 'anonymous',
    params: z.object({ id: z.string().regex(/^\d+$/) }),
    query: z.object({ limit: z.coerce.number().int().max(10).default(5) }),
    handle: async ({ params, query, actor }) => ({
      status: 200,
      body: { params, query, actor: actor ?? null },
    }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/users/me',
    access: 'user',
    handle: async ({ actor }) => ({ status: 200, body: { me: actor.id } }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/users',
    access: 'anonymous',
    body: Body,
    handle: async ({ body }) => ({ status: 201, body, headers: { Location: '/users/1' } }),
  }),
  route({
    ...common,
    method: 'post',
    path: '/echo/',
    access: 'anonymous',
    body: z.record(z.string(), z.unknown()),
    handle: async ({ body, ip, origin, url }) => ({ status: 200, body: { body, ip, origin, url } }),
  }),
  route({
    ...common,
    method: 'delete',
    path: '/admin/users/:id',
    access: 'admin',
    handle: async () => ({ status: 204 }),
  }),
  route({
    ...common,
    method: 'get',
    path: '/boom/:kind',
    access: 'anonymous',
    params: z.object({ kind: z.string() }),
    async handle({ params }) {
      if (params.kind === 'limit') {
        throw new SwitchboardError({ code: 'RATE_LIMITED', message: 'slow down', retryAfterMs: 1_200 });
      }
      if (params.kind === 'mongo') throw Object.assign(new Error('no server'), { name: 'MongoNetworkError' });
      throw new TypeError('the password is hunter2');
    },
  }),
  route({
    ...common,
    dialect: 'peer',
    method: 'post',
    path: '/pair',
    access: 'anonymous',
    query: z.object({ limit: z.coerce.number().default(5) }),
    body: z.object({ left: z.string() }),
    handOver: (body) => (body !== null && typeof body === 'object' && 'right' in body ? right : undefined),
    handle: async ({ query }) => ({ status: 200, body: { said: 'left', ...query } }),
  }),
];

export const presentError: PresentError = (rejection, asked) => {
  if (asked.path === '/unwordable') throw new Error('no words');
  return { status: STATUS[rejection.code] ?? 500, body: { error: rejection, asked } };
};

export interface TestApp {
  readonly url: string;
  /** Log lines since the last `reset`. */
  readonly lines: string[];
  /** What the health checks `one` and `two` do; nothing until set. */
  readonly checks: Record<string, HealthCheck['check']>;
  call(method: string, path: string, options?: CallOptions): Promise<CallReply>;
  /** A string is sent as it is, the rest as JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<CallReply>;
  reset(): void;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export interface CallReply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed if it is JSON, else the text. */
  readonly body: unknown;
}

/** The app of the HTTP tests, on a port of its own. */
export async function startTestApp(): Promise<TestApp> {
  const lines: string[] = [];
  const checks: TestApp['checks'] = {};
  const dir = mkdtempSync(join(tmpdir(), 'web-'));
  writeFileSync(join(dir, 'index.html'), '<p>hello</p>');
  writeFileSync(join(dir, '.env'), 'JWT_SECRET=x');
  const app = createHttpApp({
    routes,
    presentError,
    verifier,
    clientOrigins: ['https://app.example'],
    logger: createLogger({
      level: 'info',
      service: 'test',
      nodeId: 'n',
      destination: { write: (line) => void lines.push(line) },
    }),
    metrics: createMetrics({ service: 'test' }),
    checks: ['one', 'two'].map((name) => ({ name, check: () => checks[name]?.() ?? Promise.resolve() })),
    trustProxy: 1,
    static: dir,
  });
  const served = await listen(app, { host: '127.0.0.1', port: 0 });

  const call: TestApp['call'] = async (method, path, { body, headers } = {}) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(`${served.url}${path}`, {
      method,
      headers: { ...type, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  };

  return {
    url: served.url,
    lines,
    checks,
    call,
    post: (path, body, headers = {}) =>
      call('POST', path, { body: typeof body === 'string' ? body : JSON.stringify(body), headers }),
    reset() {
      lines.length = 0;
      for (const name of Object.keys(checks)) delete checks[name];
    },
    async stop() {
      await served.close();
      rmSync(dir, { recursive: true });
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
