import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RestReply } from '@switchboard/dialects';

/** How long a refused client may take to read its answer. */
const LINGER_MS = 2_000;

/**
 * Answers an upgrade request as HTTP and closes its connection. What the client goes on sending is read and thrown away: to close over unread
 * bytes would reset the connection, and the answer would be lost with it.
 */
export function refuseUpgrade(socket: Duplex, { status, body, headers = {} }: RestReply): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const cut = setTimeout(() => socket.destroy(), LINGER_MS);
  cut.unref();
  socket.once('close', () => clearTimeout(cut));
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
  socket.resume();
}
