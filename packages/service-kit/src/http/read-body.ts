import { LIMITS, SwitchboardError, withinDepth } from '@switchboard/protocol';
import { json, type Request, type RequestHandler, type Response, urlencoded } from 'express';
import { jsonFault } from './json-fault.ts';

const MAX_BYTES = 256 * 1024;
const MAX_FORM_FIELDS = 100;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

export type ReadBody = (request: Request, response: Response) => Promise<unknown>;

/**
 * Reads a JSON or form body of at most 256 KiB. No body reads as an empty object, so that what is missing is named by field.
 * @throws SwitchboardError INVALID_DATA (detail malformed_json, or fields), PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE.
 */
export function createReadBody(): ReadBody {
  const parsers: RequestHandler[] = [
    // Not strict: that a text or a number is no object is for the route to say, in its words.
    json({ limit: MAX_BYTES, strict: false, type: ['application/json', 'application/*+json'] }),
    urlencoded({ limit: MAX_BYTES, extended: false, parameterLimit: MAX_FORM_FIELDS }),
  ];
  return async (request, response) => {
    if (!hasBody(request)) return {};
    if (!request.is(['application/json', 'application/*+json', 'application/x-www-form-urlencoded'])) {
      throw new SwitchboardError({
        code: 'UNSUPPORTED_MEDIA_TYPE',
        message: `Unsupported media type "${mediaType(request)}"; send application/json`,
      });
    }
    for (const parser of parsers) {
      await new Promise<void>((resolve, fail) => {
        void parser(request, response, (error?: unknown) => (error ? fail(bodyFault(error)) : resolve()));
      });
    }
    const body: unknown = request.body === undefined ? {} : request.body;
    if (!withinDepth(body, LIMITS.jsonDepth)) {
      throw invalid('body', 'too_deep', 'is nested too deeply');
    }
    const key = forbiddenKey(body);
    if (key !== undefined) throw invalid(key, 'forbidden_key', 'is not an allowed name');
    return body;
  };
}

function hasBody(request: Request): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function mediaType(request: Request): string {
  const type = request.headers['content-type']?.split(';')[0]?.trim() ?? '';
  return /^[\w.+-]{1,60}\/[\w.+-]{1,60}$/.test(type) ? type : '';
}

function invalid(field: string, rule: string, message: string): SwitchboardError {
  return new SwitchboardError({
    code: 'INVALID_DATA',
    message: `Invalid data: ${field} ${message}`,
    fields: { [field]: [{ rule, message }] },
  });
}

/** A key that would mean something to JavaScript or MongoDB. The depth has been bounded before. */
function forbiddenKey(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  for (const [key, entry] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key) || (key.startsWith('$') && !Array.isArray(value))) return key.slice(0, 40);
    const inner = forbiddenKey(entry);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** body-parser's errors carry the body itself; only their kind goes on, and where it stops being JSON. */
function bodyFault(error: unknown): SwitchboardError {
  const { type, body } = (error !== null && typeof error === 'object' ? error : {}) as {
    readonly type?: unknown;
    readonly body?: unknown;
  };
  switch (type) {
    case 'entity.too.large':
    case 'parameters.too.many':
      return new SwitchboardError({ code: 'PAYLOAD_TOO_LARGE', message: 'The request body is too large' });
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return new SwitchboardError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'Unsupported body encoding' });
    default: {
      const fault = typeof body === 'string' ? jsonFault(body) : undefined;
      return new SwitchboardError({
        code: 'INVALID_DATA',
        message: fault === undefined ? 'The request body is malformed' : `JSON parse error - ${fault}`,
        detail: 'malformed_json',
      });
    }
  }
}
