import type { Metrics } from '@switchboard/service-kit';
import type { EdgeMetrics } from './edge-parts.ts';

/** Events by vocabulary and command, and how long commands took. Labels are names of ours alone, never a client's. */
export function createEdgeMetrics(metrics: Metrics): EdgeMetrics {
  const events = metrics.counter('signaling_events_total', 'Events received', ['dialect', 'command']);
  const latency = metrics.histogram(
    'signaling_command_duration_seconds',
    'Time from an event to its answer',
    ['command', 'outcome'],
  );
  return {
    event: (dialect, command) => events.inc({ dialect: dialect?.name ?? 'undeclared', command }),
    handled: (command, outcome, ms) => latency.observe({ command, outcome }, ms / 1000),
  };
}
