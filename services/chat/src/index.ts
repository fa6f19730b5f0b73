export type { ChatDeps } from './build-context.ts';
export { type ChatConfig, type ChatSettings, chatConfig, chatFields } from './config.ts';
export { createChat } from './create-chat.ts';
export type { Destination, Kind, Membership } from './membership/membership.ts';
export { type ChatOverrides, type RunningChat, startChat } from './start-chat.ts';
