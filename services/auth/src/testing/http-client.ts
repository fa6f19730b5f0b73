export interface HttpReply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of many shapes and assert what they find.
  readonly body: any;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpClient {
  get(path: string, options?: CallOptions): Promise<HttpReply>;
  post(path: string, body?: unknown, options?: CallOptions): Promise<HttpReply>;
  patch(path: string, body: unknown, options?: CallOptions): Promise<HttpReply>;
  delete(path: string, options?: CallOptions): Promise<HttpReply>;
  /** A body sent as it is. */
  raw(
    method: string,
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<HttpReply>;
}

export function createHttpClient(base: string): HttpClient {
  const send = async (
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<HttpReply> => {
    const response = await fetch(new URL(path, base), {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const json = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, body: json ? JSON.parse(text) : text, headers: response.headers };
  };
  const call = (method: string, path: string, body: unknown, { token, headers }: CallOptions = {}) =>
    send(method, path, body === undefined ? undefined : JSON.stringify(body), {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    });
  return {
    get: (path, options) => call('GET', path, undefined, options),
    post: (path, body, options) => call('POST', path, body, options),
    patch: (path, body, options) => call('PATCH', path, body, options),
    delete: (path, options) => call('DELETE', path, undefined, options),
    raw: send,
  };
}
