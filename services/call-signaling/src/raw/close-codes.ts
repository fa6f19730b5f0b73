/**
 * Why the server ends a raw WebSocket, as its client reads it. 4401 and 4404 repeat the statuses that the same client would now be given in
 * the upgrade: there is no use in coming back. After 1011 and 1012 there is; after 1008 only for who sends less.
 *
 * Beside these the transport itself answers with 1009 to a frame beyond `HARD_FRAME_BYTES`, and with 1002 or 1007 to what is no WebSocket frame.
 */
export const CLOSE_CODES = {
  /** The session is over, or was never good. */
  refused: { code: 4401, reason: 'unauthorized' },
  room_deleted: { code: 4404, reason: 'room deleted' },
  flood: { code: 1008, reason: 'too many events' },
  fault: { code: 1011, reason: 'internal error' },
  drain: { code: 1012, reason: 'service restart' },
} as const;

export type Farewell = keyof typeof CLOSE_CODES;
