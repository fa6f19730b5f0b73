export * from './dialect.ts';
export * from './rest.ts';
