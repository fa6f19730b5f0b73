import { CallKind } from '@switchboard/protocol';
import { z } from 'zod';

/** `audio` is what WebRTC applications say for voice. */
export const CallKindInput = z
  .enum(['voice', 'audio', 'video'])
  .transform((kind) => (kind === 'audio' ? 'voice' : kind))
  .pipe(CallKind);
