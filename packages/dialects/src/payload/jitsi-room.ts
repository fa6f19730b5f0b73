import { z } from 'zod';

/** What a client needs to enter a call's Jitsi room; `jwt` where the domain asks for one. */
export const JitsiRoomShape = z.object({
  domain: z.string(),
  roomName: z.string(),
  url: z.string(),
  jwt: z.string().optional(),
  config: z.object({ startWithAudioMuted: z.boolean(), startWithVideoMuted: z.boolean() }),
});
