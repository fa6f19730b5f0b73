/** STUN and TURN servers as RTCPeerConnection takes them. */
export interface IceServers {
  readonly iceServers: { urls: string[]; username?: string; credential?: string }[];
  /** When the TURN credentials lapse, ISO 8601; absent without any. */
  readonly expiresAt?: string;
}
