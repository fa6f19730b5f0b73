import { channelsOperations } from './channels/paths.ts';
import { expoRest } from './expo/rest.ts';
import { jitsiRest } from './jitsi/rest.ts';
import { nativeRest } from './native/rest.ts';
import { nativeWebhooksRest } from './native/rest-webhooks.ts';
import { peerRest } from './peer/rest.ts';
import type { RestOperation } from './rest-operation.ts';
import { roomsRest } from './rooms/rest.ts';
import { sharedLoginRest } from './shared-login/rest.ts';

/** Every REST route of every vocabulary, for the published contract and for checks that each is mounted. */
export const restOperations: readonly RestOperation[] = [
  peerRest,
  roomsRest,
  jitsiRest,
  expoRest,
  sharedLoginRest,
  nativeRest,
  nativeWebhooksRest,
  channelsOperations,
].flatMap((table) => Object.values<RestOperation>(table));
