import { z } from 'zod';
import type { Operation } from './operation.ts';

const Check = z.object({ status: z.enum(['ok', 'unavailable']), ms: z.int().nonnegative() });
const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  uptimeSeconds: z.int().nonnegative(),
  checks: z.record(z.string(), Check),
});
const Readiness = z.object({ status: z.enum(['ok', 'unavailable']) });
const Exposition = z.string().meta({ contentMediaType: 'text/plain' });

const operators = { method: 'get', dialect: null, access: 'anonymous' } as const;

/** What service-kit serves beside the routes that it is given. */
export const operatorOperations: readonly Operation[] = [
  {
    ...operators,
    path: '/livez',
    summary: 'Says that the process runs.',
    replies: { 200: z.object({ status: z.literal('ok') }) },
  },
  {
    ...operators,
    path: '/readyz',
    summary: 'Says whether the process can serve; `?unready=404` has it say no by 404, at once.',
    replies: { 200: Readiness, 404: Readiness, 503: Readiness },
  },
  {
    ...operators,
    path: '/health',
    summary: 'Says whether the process can serve, dependency by dependency.',
    replies: { 200: Health, 503: Health },
  },
  {
    ...operators,
    path: '/metrics',
    summary: 'Measurements, as Prometheus reads them.',
    replies: { 200: Exposition },
  },
];
