export * from './call/state.ts';
