import type { Clock, Presence } from '@switchboard/ports';
import type { PublicUser } from '@switchboard/protocol';
import type { UserDirectory } from '@switchboard/service-kit';

/**
 * Everybody online, by id. Calls that come while a list is being read share the next one, so that a storm of connects reads it twice, not once
 * each; a list never is older than the call for it.
 */
export function createOnlineList(
  presence: Presence,
  directory: UserDirectory,
  clock: Clock,
): () => Promise<PublicUser[]> {
  let reading: Promise<PublicUser[]> | undefined;
  let next: Promise<PublicUser[]> | undefined;

  const read = async (): Promise<PublicUser[]> => {
    const ids = await presence.online(clock.now());
    const users = await directory.many(ids);
    return ids
      .flatMap((id) => users.get(id) ?? [])
      .map(({ id, username, name }) => ({ id, username, name }))
      .sort((a, b) => Number(a.id) - Number(b.id));
  };

  const start = (): Promise<PublicUser[]> => {
    const list = read().finally(() => {
      if (reading === list) reading = undefined;
    });
    reading = list;
    return list;
  };

  return () => {
    if (!reading) return start();
    next ??= reading
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}
