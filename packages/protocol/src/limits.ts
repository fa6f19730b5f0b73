/** Bounds on what a client may send; bytes are those of the UTF-8 JSON of the field. */
export const LIMITS = {
  textBytes: 8 * 1024,
  descriptionBytes: 64 * 1024,
  candidateBytes: 4 * 1024,
  candidatesPerSide: 200,
  /** Total bytes of candidates held while a call rings, per side. */
  heldCandidateBytes: 128 * 1024,
  clientMessageIdLength: 64,
  nameLength: 100,
  pageDefault: 50,
  pageMax: 200,
  /** One Socket.IO or WebSocket frame. Two descriptions and their envelope fit. */
  frameBytes: 160 * 1024,
  jsonDepth: 12,
  socketsPerUser: 20,
  /** Rooms one socket may be in. */
  roomsPerSocket: 100,
  roomNameLength: 100,
  roomDescriptionLength: 2000,
} as const;

/** Size of a value as the wire counts it; Infinity for what JSON cannot carry. */
export function jsonBytes(value: unknown): number {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? 0 : Buffer.byteLength(text);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** True when nesting stays within `max`; stops descending there, so a hostile depth costs no stack. */
export function withinDepth(value: unknown, max: number = LIMITS.jsonDepth): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (max <= 0) return false;
  for (const key of Object.keys(value)) {
    if (!withinDepth((value as Record<string, unknown>)[key], max - 1)) return false;
  }
  return true;
}
