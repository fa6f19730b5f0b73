export { claimants } from './call/claimants.ts';
export { compatible, type RingingAbility } from './call/compatible.ts';
export { nextDeadline } from './call/deadline.ts';
export { decideCall } from './call/decide.ts';
export { isGlare } from './call/glare.ts';
export * from './call/state.ts';
