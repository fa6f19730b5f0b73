import type { UserId } from '@switchboard/protocol';

/** Who came and who went between two lists, each in the order of its list. */
export function diff(
  previousOnline: readonly UserId[],
  online: readonly UserId[],
): { joined: UserId[]; left: UserId[] } {
  const before = new Set(previousOnline);
  const after = new Set(online);
  return {
    joined: [...after].filter((id) => !before.has(id)),
    left: [...before].filter((id) => !after.has(id)),
  };
}
