export { AUTHORIZATION, type Grant, type Role } from './authorization.ts';
export type { LiveCall } from './calls/live-call.ts';
export {
  assertSignalingConfig,
  type SignalingConfig,
  type SignalingProcessConfig,
  signalingConfig,
  signalingFields,
} from './config.ts';
export { createSignaling, type SignalingDeps } from './create-signaling.ts';
export { type SignalingOverrides, startSignaling } from './start-signaling.ts';
