import { randomUUID } from 'node:crypto';
import type { Bus, Clock } from '@switchboard/ports';
import { LIMITS, SessionId, type UserId } from '@switchboard/protocol';
import type { UserDirectory } from '@switchboard/service-kit';

const CACHE_MS = 30_000;
const CACHE_MAX = 10_000;

/**
 * Who shares a direct conversation with a user: their newest LIMITS.pageMax conversations, asked of chat and remembered for half a minute.
 * Chat wants an actor; this node speaks for the user, under a session id of its own.
 */
export function createContacts(
  bus: Bus,
  directory: UserDirectory,
  clock: Clock,
): (userId: UserId) => Promise<ReadonlySet<UserId>> {
  const cache = new Map<UserId, { readonly until: number; readonly contacts: ReadonlySet<UserId> }>();
  const sessionId = SessionId.parse(randomUUID());

  return async (userId) => {
    const known = cache.get(userId);
    if (known && known.until > clock.now()) return known.contacts;
    const user = await directory.get(userId);
    if (user?.status !== 'active') return new Set();
    const { id, username, name, email, role } = user;
    const reply = await bus.request('chat.conversations', {
      actor: { id, username, name, email, role, sessionId },
      limit: LIMITS.pageMax,
    });
    if (!reply.ok) return known?.contacts ?? new Set();
    const contacts = new Set(reply.value.conversations.flatMap((one) => (one.with ? [one.with.id] : [])));
    cache.delete(userId);
    cache.set(userId, { until: clock.now() + CACHE_MS, contacts });
    for (const oldest of cache.keys()) {
      if (cache.size <= CACHE_MAX) break;
      cache.delete(oldest);
    }
    return contacts;
  };
}
