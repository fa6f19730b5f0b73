export {
  createTokenKey,
  createTokenSigner,
  createTokenVerifier,
  signAccessToken,
  type TokenSigner,
  type TokenSubject,
  type TokenVerifier,
  verifyAccessToken,
} from './auth/access-token.ts';
export { bearerToken } from './auth/bearer-token.ts';
export {
  createSessionVerifier,
  type SessionVerifier,
  type SessionVerifierOptions,
} from './auth/session-verifier.ts';
export { createUserDirectory, type UserDirectory, type UserDirectoryOptions } from './auth/user-directory.ts';
export * from './config/index.ts';
export { every } from './every.ts';
export { type EventFollower, followEvents } from './follow-events.ts';
export { createHttpApp, type HttpAppOptions } from './http/http-app.ts';
export { type Listening, type ListenOptions, listen } from './http/listen.ts';
export { invalidFields } from './http/parse-input.ts';
export type { PresentError, RefusedRequest } from './http/present-fault.ts';
export * from './http/route.ts';
export {
  type RunningService,
  type ServiceEngines,
  type ServiceOverrides,
  type ServiceStart,
  startService,
} from './http/start-service.ts';
export { type ClientOrigins, isTrustedOrigin } from './http/trusted-origin.ts';
export { createMetrics, type HttpObservation, type Metrics } from './metrics.ts';
export { connectMongo, type MongoHandle, type MongoOptions } from './mongo/connect-mongo.ts';
export { type DuplicateKey, duplicateKey } from './mongo/duplicate-key.ts';
export { mongoFault } from './mongo/mongo-fault.ts';
export { nextSequence } from './mongo/next-sequence.ts';
export { createOutbox, type Outbox, type OutboxOptions, outboxField, outboxIndex } from './mongo/outbox.ts';
export { newEvent } from './new-event.ts';
export { collect, createOwner, type Owner } from './owner.ts';
export * from './process.ts';
export * from './service.ts';
export { systemClock } from './system-clock.ts';
export { uuidv7 } from './uuid-v7.ts';
