import { parseArgs } from 'node:util';
import { renderReport, violations } from './checker/report.ts';
import { FAULT_KINDS, type FaultKind } from './inflict/schedule.ts';
import { runFaults } from './run-faults.ts';

const USAGE = `npm run faults -- [options]: a cluster under load whose processes are killed, stopped and cut off; then what its clients were told is compared with what it holds
  --kills N            processes killed, at least (24); with 0 each kind of fault once
  --seed S             the same seed takes away the same in the same order (1)
  --messages N         acknowledged, at least (1000)
  --minutes M          no fault begins after this (60)
  --rate R             messages a second (50)
  --users N            who write (24)
  --calls N            calls that last (6), and as many pairs that call again and again
  --signaling N        signaling nodes (3)
  --nats 1|3           NATS servers (3)
  --only KIND,...      of ${FAULT_KINDS.join(', ')}
  --keep FOLDER        for the data and the log of the processes
  --in-time SHARE      of lost connections that must be back within 5 s and caught up within 2 s more (0.99)`;

function options() {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  return parseArgs({
    options: {
      kills: text('24'),
      seed: text('1'),
      messages: text('1000'),
      minutes: text('60'),
      rate: text('50'),
      users: text('24'),
      calls: text('6'),
      signaling: text('3'),
      nats: text('3'),
      only: { type: 'string' },
      keep: { type: 'string' },
      'in-time': text('0.99'),
      help: { type: 'boolean', default: false },
    },
  }).values;
}

function number(value: string, name: string, least: number): number {
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < least)
    throw new Error(`--${name} must be a number, ${least} or more`);
  return parsed;
}

function kinds(list: string): FaultKind[] {
  return list.split(',').map((name) => {
    const kind = FAULT_KINDS.find((each) => each === name);
    if (!kind) throw new Error(`--only: there is no ${name}`);
    return kind;
  });
}

async function main(): Promise<boolean> {
  const given = options();
  if (given.help) {
    process.stdout.write(`${USAGE}\n`);
    return true;
  }
  const calls = number(given.calls, 'calls', 0);
  const report = await runFaults({
    seed: number(given.seed, 'seed', 0),
    kills: number(given.kills, 'kills', 0),
    messages: number(given.messages, 'messages', 0),
    maxMs: number(given.minutes, 'minutes', 0) * 60_000,
    rate: number(given.rate, 'rate', 1),
    users: number(given.users, 'users', 3),
    liveCalls: calls,
    ringing: calls,
    signaling: number(given.signaling, 'signaling', 1),
    nats: number(given.nats, 'nats', 1) === 3 ? 3 : 1,
    leaseMs: 30_000,
    ringTimeoutMs: 20_000,
    pace: {
      settle: [2_000, 6_000],
      dead: [0, 2_000],
      nodePaused: 20_000,
      databasePaused: 10_000,
      redisAway: 60_000,
      cutOff: 20_000,
      whole: 35_000,
    },
    limits: { backWithinMs: 5_000, caughtUpWithinMs: 2_000, ringEndsWithinMs: 45_000 },
    tell: (line) => process.stdout.write(`${line}\n`),
    ...(given.only === undefined ? {} : { kinds: kinds(given.only) }),
    ...(given.keep === undefined ? {} : { dataDir: given.keep }),
  });
  const wrong = violations(report, { linesInTime: number(given['in-time'], 'in-time', 0) });
  process.stdout.write(`\n${renderReport(report)}\n\n`);
  process.stdout.write(wrong.length === 0 ? 'All of it held.\n' : `Did not hold:\n  ${wrong.join('\n  ')}\n`);
  return wrong.length === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
