import { z } from 'zod';

/** As Expo's own server library tells push tokens from other strings. */
export const ExpoPushToken = z
  .string()
  .trim()
  .max(256)
  .regex(
    /^(?:Expo(?:nent)?PushToken\[[^\][\s]+\]|[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12})$/i,
    {
      error: 'must be an Expo push token',
    },
  );

/** A URL that will be asked by the server; where it may lead is the service's to say. */
export const TargetUrl = z.url({ protocol: /^https?$/, error: 'must be an https URL' }).max(2_048);

/** So many bytes in base64, of either alphabet, with or without padding; out comes base64url without. */
function base64Of(bytes: number) {
  const digits = Math.ceil((bytes * 4) / 3);
  return z
    .string()
    .regex(new RegExp(`^[\\w+/-]{${digits}}={0,2}$`), { error: `must be ${bytes} bytes in base64url` })
    .transform((text) => text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));
}

/** What `PushSubscription.toJSON()` gives in a browser. */
export const PushSubscription = z.object({
  endpoint: TargetUrl,
  keys: z.object({
    /** An uncompressed point on P-256. */
    p256dh: base64Of(65),
    auth: base64Of(16),
  }),
});
