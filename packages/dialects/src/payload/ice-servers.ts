import { z } from 'zod';

/** STUN and TURN servers as RTCPeerConnection takes them. */
export const IceServersShape = z.array(
  z.object({
    urls: z.array(z.string()),
    username: z.string().optional(),
    credential: z.string().optional(),
  }),
);
