export * from './http/route.ts';
export * from './service.ts';
