import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How much a machine had to do while a run went on. */
export interface MachineFindings {
  readonly cores: number;
  /** Runnable processes a core in the minute before the run, none of which were its own. */
  readonly loadBefore: number;
  /** The same during the run, on average, its own included. */
  readonly load: number;
  /** How late the clients' own process came to what was due, milliseconds; one look in a hundred was later. */
  readonly delayP99Ms: number;
  readonly longestDelayMs: number;
}

/** Beyond any of these a machine is busy with other things, and its clock is not fair to the run. A run alone stays below. */
export const BUSY = { loadBefore: 1, load: 4, delayP99Ms: 250 } as const;

/** What shows that the machine was busy, in words with their bounds; nothing where it was not. */
export function busyWith({ loadBefore, load, delayP99Ms }: MachineFindings): string[] {
  const measured = [
    ['load a core before the run', loadBefore, BUSY.loadBefore],
    ['load a core during the run', load, BUSY.load],
    ["delay of the clients' process, p99 in ms", delayP99Ms, BUSY.delayP99Ms],
  ] as const;
  return measured
    .filter(([, value, bound]) => value > bound)
    .map(([what, value, bound]) => `${what}: ${value.toFixed(1)}, more than ${bound}`);
}

export interface MachineWatch extends Disposable {
  findings(): MachineFindings;
}

const LOOK_EVERY_MS = 5_000;
/** Of the timer whose lateness is measured, and so in each of its values. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** Begins before anything of the run does. */
export function watchMachine(load1: () => number = () => loadavg()[0] ?? 0): MachineWatch {
  const cores = availableParallelism();
  const loadBefore = load1() / cores;
  const looks: number[] = [];
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const timer = setInterval(() => looks.push(load1() / cores), LOOK_EVERY_MS);
  const late = (ns: number): number => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  return {
    findings: () => {
      const seen = [...looks, load1() / cores];
      return {
        cores,
        loadBefore,
        load: seen.reduce((sum, each) => sum + each, 0) / seen.length,
        delayP99Ms: late(delays.percentile(99)),
        longestDelayMs: late(delays.max),
      };
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      delays.disable();
    },
  };
}
