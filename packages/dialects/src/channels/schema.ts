import { z } from 'zod';
import { Candidate, Description, Text } from '../payload/bounded.ts';

type Described = 'offer' | 'answer';

/** A description stands in its own field, in `sdp`, or in both; what leaves is whole either way. */
function described<K extends Described>(kind: K) {
  return z
    .object({
      type: z.literal(`webrtc-${kind}`),
      offer: Description.optional(),
      answer: Description.optional(),
      sdp: Description.optional(),
    })
    .transform((frame) => ({ payload: whole(kind, frame[kind], frame.sdp) }))
    .refine(({ payload }) => payload !== undefined, {
      error: 'is required',
      path: [kind],
      params: { rule: 'required' },
    })
    .pipe(z.object({ payload: Description }));
}

/** As it came, but for an `sdp` that the description itself lacks. */
function whole(kind: Described, description: unknown, sdp: unknown): unknown {
  if (typeof sdp !== 'string') return description ?? sdp;
  if (description === undefined) return { type: kind, sdp };
  return isRecord(description) && !('sdp' in description) ? { ...description, sdp } : description;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export const ChatFrame = z.object({ content: Text });
export const OfferFrame = described('offer');
export const AnswerFrame = described('answer');
export const CandidateFrame = z.object({ type: z.literal('webrtc-ice-candidate'), candidate: Candidate });
export const HangupFrame = z.object({ type: z.literal('webrtc-hangup') });

/** Ids of this vocabulary are integers. */
const id = z.int().positive();

export const ChannelsUser = z.object({ id, email: z.string(), name: z.string() });

/** A room's message, on the socket and in the list. `id` counts from 1 within the room. */
export const ChannelsMessage = z.object({
  id,
  user: ChannelsUser,
  content: z.string(),
  created_at: z.iso.datetime(),
});

const signal = <T extends string>(type: T) => z.object({ type: z.literal(type), sender_id: id });
const sdp = { sdp: z.string().optional() };

/** By the frame's `type`, and `message` for the one frame that has none. */
export const channelsOutbound = {
  message: { schema: ChannelsMessage, summary: 'Somebody wrote in the room, perhaps oneself.' },
  'webrtc-offer': {
    schema: signal('webrtc-offer').extend({ offer: z.unknown(), ...sdp }),
    summary: 'Somebody in the room offers a connection.',
  },
  'webrtc-answer': {
    schema: signal('webrtc-answer').extend({ answer: z.unknown(), ...sdp }),
    summary: 'Somebody in the room answers an offer.',
  },
  'webrtc-ice-candidate': {
    schema: signal('webrtc-ice-candidate').extend({ candidate: z.unknown() }),
    summary: 'A way to reach somebody in the room.',
  },
  'webrtc-hangup': { schema: signal('webrtc-hangup'), summary: 'Somebody in the room hangs up.' },
} as const;
