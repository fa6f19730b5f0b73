export { claimants } from './call/claimants.ts';
export { compatible, type RingingAbility } from './call/compatible.ts';
export { nextDeadline } from './call/deadline.ts';
export { decideCall, type Time } from './call/decide.ts';
export { isGlare } from './call/glare.ts';
export * from './call/state.ts';
export { assertContent, isWellFormed } from './chat/content.ts';
export { decodeCursor, encodeCursor } from './chat/cursor.ts';
export { missing, type SeqRange } from './chat/missing.ts';
export { assertRoomDescription, assertRoomName } from './chat/room-rules.ts';
export { unread } from './chat/unread.ts';
export { isMentioned, mentionTails } from './notification/mention.ts';
export { type MessageNews, wantsMessage } from './notification/message-wanted.ts';
export { isQuiet, quietUntil } from './notification/quiet-hours.ts';
export {
  newsOfAnswer,
  newsOfDecline,
  newsOfEnd,
  type RingNews,
  type RungCallee,
} from './notification/ring-news.ts';
export { diff } from './presence/diff.ts';
export { foldPresence, type PendingPresence, type PresenceChange } from './presence/fold.ts';
export { callScore, type Measured, meanOpinionScore, transmissionRating } from './quality/mos.ts';
export { percentile } from './quality/percentile.ts';
