export { type AuthConfig, type AuthSettings, authConfig, authFields } from './config.ts';
export { type AuthDeps, type AuthService, createAuth } from './create-auth.ts';
export type { Seeded } from './seed/seed.ts';
export { seedAuth } from './seed/seed-auth.ts';
export { type StartedAuth, type StartOverrides, startAuth } from './start-auth.ts';
