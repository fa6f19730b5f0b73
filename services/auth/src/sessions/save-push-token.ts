import { type Identity, ok, type Result } from '@switchboard/protocol';
import type { AuthContext } from '../context.ts';
import { revokedSession } from '../refusals.ts';
import { stored } from '../store/stored.ts';

/**
 * Ties a device's push token to the session that registered it. One device shows one token, whoever uses it: another session that held it was before
 * this one on the same device, and its user's calls and messages must not light up this user's screen.
 */
export async function savePushToken(
  context: AuthContext,
  { id, sessionId }: Identity,
  expoPushToken: string,
): Promise<Result<void>> {
  const { sessions } = context;
  await stored(() =>
    sessions.updateMany({ expoPushToken, _id: { $ne: sessionId } }, { $unset: { expoPushToken: 1 } }),
  );
  const { matchedCount } = await stored(() =>
    sessions.updateOne(
      { _id: sessionId, userId: Number(id), revokedAt: { $exists: false } },
      { $set: { expoPushToken } },
    ),
  );
  return matchedCount === 1 ? ok(undefined) : revokedSession();
}
