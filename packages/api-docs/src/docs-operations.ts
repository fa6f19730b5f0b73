import { NoBody } from '@switchboard/dialects';
import { z } from 'zod';
import type { Operation } from './operation.ts';

const reader = { method: 'get', dialect: null, access: 'anonymous' } as const;
const Document = z.looseObject({});
const Page = z.string().meta({ contentMediaType: 'text/html' });

/** The routes of the descriptions themselves. */
export const docsOperations = {
  openapi: {
    ...reader,
    path: '/openapi.json',
    summary: 'This document: every route.',
    replies: { 200: Document },
  },
  asyncapi: {
    ...reader,
    path: '/asyncapi.json',
    summary: 'The AsyncAPI document: every event.',
    replies: { 200: Document },
  },
  routesPage: {
    ...reader,
    path: '/docs',
    summary: 'The routes, as a page.',
    replies: { 200: Page },
  },
  /** What people type. */
  routesPageSlash: {
    ...reader,
    path: '/docs/',
    summary: 'Leads to the page of the routes.',
    replies: { 301: NoBody },
  },
  eventsPage: {
    ...reader,
    path: '/docs/events',
    summary: 'The events, as a page.',
    replies: { 200: Page },
  },
  asset: {
    ...reader,
    path: '/docs/assets/:file',
    summary: 'A script or a style sheet of the pages.',
    params: z.object({ file: z.string().max(100) }),
    replies: { 200: z.string().meta({ contentMediaType: '*/*' }) },
  },
} as const satisfies Readonly<Record<string, Operation>>;
