import type { Response } from 'express';
import type { Reply } from './route.ts';

export function sendReply(response: Response, { status, body, headers }: Reply): void {
  if (response.headersSent) return;
  response.status(status);
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (body === undefined) response.end();
  else if (typeof body === 'string') {
    if (!response.hasHeader('Content-Type')) response.type('text/plain');
    response.send(body);
  } else response.json(body);
}
