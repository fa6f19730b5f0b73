import type { EventCost } from './cluster-cost-rounds.ts';

export interface Verdict {
  readonly held: boolean;
  readonly claim: string;
}

/** Of what an event costs: how many times as much as on the fewest nodes is still the same, and beside that how much is noise where there is next to nothing to measure. */
const BOUNDS = [
  { what: 'publishes', of: (cost: EventCost) => cost.publishes, times: 1.05, noise: 0 },
  { what: 'Redis commands', of: (cost: EventCost) => cost.commands, times: 1.25, noise: 1 },
  { what: 'Redis bytes', of: (cost: EventCost) => cost.redisBytes, times: 1.25, noise: 150 },
  { what: 'NATS messages', of: (cost: EventCost) => cost.natsMessages, times: 1.25, noise: 0.6 },
  { what: 'NATS bytes', of: (cost: EventCost) => cost.natsBytes, times: 1.25, noise: 150 },
] as const;
/** Of a node without the two, ms/s. */
const CPU_NOISE = 2;
/** Of all nodes together, if each does as much as one without the two; µs an event. */
const SHARED = { times: 1.5, noise: 500 };

/** What does not grow with the nodes, for every event. */
export function judge(costs: readonly EventCost[]): Verdict[] {
  const events = [...new Set(costs.map(({ event }) => event))];
  return events.flatMap((name) => {
    const some = costs.filter(({ event }) => event === name).toSorted((a, b) => a.nodes - b.nodes);
    return [...BOUNDS.map((bound) => constant(name, some, bound)), ...bystanders(name, some)];
  });
}

function constant(
  name: string,
  costs: readonly EventCost[],
  { what, of, times, noise }: (typeof BOUNDS)[number],
): Verdict {
  const medians = costs.map((cost) => median(of(cost)));
  const [least = Number.NaN, ...more] = medians;
  return {
    held: more.every((each) => each <= Math.max(0, least) * times + noise),
    claim: `${what} do not grow with the nodes, ${name}: ${medians.map((each) => each.toFixed(2)).join(', ')}`,
  };
}

function bystanders(name: string, all: readonly EventCost[]): Verdict[] {
  const watched = all.filter(({ nodes }) => nodes > 2);
  if (watched.some(({ shared }) => shared)) {
    // Nodes take turns in bringing a stored event to its people: one's part falls as others come, the sum stays.
    const sums = watched.map(({ nodes, bystander }) => median(bystander.usPerEvent) * nodes);
    const [least = 0, ...more] = sums;
    const held = more.every((each) => each <= Math.max(0, least) * SHARED.times + SHARED.noise);
    return [
      {
        held,
        claim: `the work that nodes share stays, ${name}: ${sums.map((us) => us.toFixed(0)).join(', ')} µs`,
      },
    ];
  }
  return watched.map(({ nodes, bystander: { idleCpu, loadCpu } }) => {
    const more = median(loadCpu) - median(idleCpu);
    // As much as idle windows of the same run differ among themselves.
    const noise = Math.max(CPU_NOISE, Math.max(...idleCpu) - Math.min(...idleCpu));
    return {
      held: more <= noise,
      claim: `a node without the two is as busy as when idle, ${name}, ${nodes} nodes: ${more.toFixed(1)} ms/s more, ${noise.toFixed(1)} is noise`,
    };
  });
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
