export {
  type CallEnded,
  type CallEndedReason,
  type CallEvents,
  CallFailed,
  type CallHandle,
  type CallState,
} from './calls/call-handle.ts';
export type {
  CallDetails,
  CallQuality,
  CallRecord,
  ReportedQuality,
  RingDevice,
} from './calls/call-record.ts';
export type { StatsSource } from './calls/call-stats.ts';
export type { Calls, CallsPage, IceServers, PlaceOptions } from './calls/calls.ts';
export { type PeerConnectionLike, PeerLink, type PeerLinkOptions } from './calls/peer-link.ts';
export type { Chat, HistoryOptions, Page } from './chat/chat.ts';
export { directConversation, roomConversation } from './chat/conversation-ids.ts';
export type { SendOptions, Sent } from './chat/outbox.ts';
export type { ConnectionState } from './connection/connection.ts';
export type { RequestOptions } from './connection/requests.ts';
export { type Client, type ClientOptions, createClient } from './create-client.ts';
export type { SubscribeOptions, Unsubscribe } from './emitter.ts';
export { type ClientErrorCode, type ErrorCode, SwitchboardError } from './errors.ts';
export type { ClientEvents } from './events.ts';
export type {
  DeviceInfo,
  Notifications,
  RegisteredDevice,
  Wanted,
  WebPushSubscription,
} from './push/notifications.ts';
export type { JoinedRoom } from './rooms/joined-rooms.ts';
export type { RoomDraft, Rooms, RoomsPage, RoomsQuery } from './rooms/rooms.ts';
export type { AccountApi, Invitation, SessionInfo } from './session/account-api.ts';
export type { Registration, SignedOut } from './session/session.ts';
export { memoryStorage, type SessionStorage } from './session/storage.ts';
export type {
  Account,
  Call,
  CallKind,
  ConversationNotifications,
  ConversationSummary,
  IceServer,
  JitsiRoom,
  Message,
  NotificationPreferences,
  Participant,
  PublicUser,
  PushDevice,
  Room,
  RoomSignal,
  Signal,
  Target,
} from './wire.ts';
