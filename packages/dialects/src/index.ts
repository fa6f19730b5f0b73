export * from './dialect.ts';
export * from './dialect-of-path.ts';
export * from './registry.ts';
export * from './rest.ts';
