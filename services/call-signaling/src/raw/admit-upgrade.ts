import type { IncomingMessage } from 'node:http';
import { dialects } from '@switchboard/dialects';
import type { Bus } from '@switchboard/ports';
import { type Result, reject, toRejection, unavailable } from '@switchboard/protocol';
import type { ClientOrigins, Logger } from '@switchboard/service-kit';
import type { Admit } from '../edge/admission.ts';
import { originAllowed } from '../edge/origin.ts';
import type { RawAdmission } from './raw-connection.ts';
import type { RawPath } from './raw-path.ts';
import { readRawToken } from './raw-token.ts';
import type { UpgradeLine } from './upgrade-line.ts';

export interface AdmitUpgradeParts {
  readonly trusted: ClientOrigins;
  readonly bus: Pick<Bus, 'request'>;
  readonly logger: Logger;
  readonly admit: Admit;
  /** False on the way down. */
  readonly accepting: () => boolean;
}

export interface UpgradeRequest {
  readonly request: IncomingMessage;
  readonly line: UpgradeLine;
  readonly path: RawPath;
}

/**
 * Who is behind an upgrade request, and whether there is a room for them. Who they are comes first: a stranger learns nothing of rooms.
 * Never rejects.
 */
export async function admitUpgrade(
  { request, line, path }: UpgradeRequest,
  { trusted, bus, logger, admit, accepting }: AdmitUpgradeParts,
): Promise<Result<RawAdmission>> {
  const dialect = dialects.get('channels');
  if (!dialect) return NO_PATH;
  if (!accepting()) return leaving();
  if (!originAllowed(request.headers, trusted)) return FOREIGN;
  const token = readRawToken(request.headers, path.query);
  if (token === undefined) return ANONYMOUS;
  const { room } = path;
  try {
    const admitted = await admit(line, token);
    if (!admitted.ok) return admitted;
    if (room === undefined) return NO_ROOM;
    const found = await bus.request('chat.room.get', { roomId: room });
    if (!found.ok) return found;
    if (line.revoked) return REVOKED;
    return accepting() ? { ok: true, value: { identity: admitted.value, dialect, room } } : leaving();
  } catch (err) {
    logger.warn({ err }, 'upgrade not looked at');
    return { ok: false, error: toRejection(err) };
  }
}

function leaving(): Result<never> {
  return { ok: false, error: unavailable('This node').rejection };
}

const NO_PATH = reject('NOT_FOUND', 'Not found');
const NO_ROOM = reject('ROOM_NOT_FOUND', 'No such room');
const ANONYMOUS = reject('UNAUTHORIZED', 'Authentication required', { detail: 'missing_token' });
const REVOKED = reject('UNAUTHORIZED', 'Session over', { detail: 'revoked_session' });
const FOREIGN = reject('PERMISSION_DENIED', 'This origin is not allowed', { detail: 'foreign_origin' });
