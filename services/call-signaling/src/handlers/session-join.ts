import { ok, reject } from '@switchboard/protocol';
import type { Handler } from '../context.ts';

/** `join` on a socket that is somebody already: the same user is told so again, another is not let in. */
export const sessionJoin: Handler<'session.join'> = async (session, { token }, { verifier }) => {
  const verified = await verifier.verify(token);
  if (!verified.ok) return verified;
  const { deviceId, socketId, identity } = session;
  if (verified.value.id !== identity.id) {
    return reject('PERMISSION_DENIED', 'This socket belongs to another user');
  }
  session.deliver({ type: 'connected', userId: identity.id, deviceId, socketId });
  return ok({ userId: identity.id, deviceId });
};
