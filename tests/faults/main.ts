import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attemptInTime } from './attempt-in-time.ts';
import { renderReport } from './checker/report.ts';
import { FAULT_KINDS, type FaultKind, possibleKinds } from './inflict/schedule.ts';
import { LONG, SHORT } from './presets.ts';
import { type FaultRunOptions, runFaults, shapeOf } from './run-faults.ts';

const USAGE = `npm run faults -- [options]: a cluster under load whose processes are killed, stopped and cut off; then what its clients were told is compared with what it holds
  --short              every kind of fault within ten minutes, with shorter rings and leases, and Redis away for ${SHORT.pace.redisAway / 1_000} s instead of ${LONG.pace.redisAway / 1_000}; the numbers below in brackets are its own
  --kills N            processes killed by SIGKILL, at least (${LONG.kills}) [${SHORT.kills}]; with 0 each kind of fault once
  --seed S             the same seed takes away the same in the same order (1)
  --messages N         acknowledged, at least (${LONG.messages}) [${SHORT.messages}]
  --minutes M          no fault begins after this, and what was not reached by then was not reached (${LONG.maxMs / 60_000}) [${SHORT.maxMs / 60_000}]
  --rate R             messages a second (${LONG.rate}) [${SHORT.rate}]
  --users N            who write (${LONG.users}) [${SHORT.users}]
  --calls N            calls that last (${LONG.liveCalls}) [${SHORT.liveCalls}], and as many pairs that call again and again
  --signaling N        signaling nodes (${LONG.signaling}) [${SHORT.signaling}]
  --nats 1|3           NATS servers (${LONG.nats}) [${SHORT.nats}]
  --only KIND,...      of ${FAULT_KINDS.join(', ')}
  --keep FOLDER        for the data and the log of the processes, a folder in it for each run
  --in-time SHARE      of lost connections that must be back within 5 s and caught up within 2 s more (${LONG.linesInTime}) [${SHORT.linesInTime}]`;

function commandLine() {
  const text = { type: 'string' } as const;
  return parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      kills: text,
      seed: text,
      messages: text,
      minutes: text,
      rate: text,
      users: text,
      calls: text,
      signaling: text,
      nats: text,
      only: text,
      keep: text,
      'in-time': text,
      help: { type: 'boolean', default: false },
    },
  }).values;
}

function number(value: string | undefined, name: string, least: number, otherwise: number): number {
  if (value === undefined) return otherwise;
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

/** What a former run stored would be taken for this one's. */
function emptyFolder(path: string | undefined): string | undefined {
  if (path !== undefined && existsSync(path) && readdirSync(path).length > 0)
    throw new Error(`--keep wants a folder that is empty or not there yet, and ${path} is neither`);
  return path;
}

async function main(): Promise<boolean> {
  const given = commandLine();
  if (given.help) {
    process.stdout.write(`${USAGE}\n`);
    return true;
  }
  const preset = given.short ? SHORT : LONG;
  const calls = number(given.calls, 'calls', 0, preset.liveCalls);
  const print = (words: string) => process.stdout.write(`${words}\n`);
  const options: FaultRunOptions = {
    ...preset,
    seed: number(given.seed, 'seed', 0, 1),
    kills: number(given.kills, 'kills', 0, preset.kills),
    messages: number(given.messages, 'messages', 0, preset.messages),
    maxMs: number(given.minutes, 'minutes', 0, preset.maxMs / 60_000) * 60_000,
    rate: number(given.rate, 'rate', 1, preset.rate),
    users: number(given.users, 'users', 3, preset.users),
    liveCalls: calls,
    ringing: calls,
    signaling: number(given.signaling, 'signaling', 1, preset.signaling),
    nats: number(given.nats, 'nats', 1, preset.nats) === 3 ? 3 : 1,
    tell: print,
    ...(given.only === undefined ? {} : { kinds: kinds(given.only) }),
  };
  const folder = emptyFolder(given.keep);
  let runs = 0;
  return attemptInTime({
    attempts: preset.attempts,
    judgement: {
      linesInTime: number(given['in-time'], 'in-time', 0, preset.linesInTime),
      linesOfAKindInTime: preset.linesOfAKindInTime,
      kills: options.kills,
      acked: options.messages,
      withinSeconds: (options.maxMs + preset.aftermathMs) / 1_000,
      kinds: possibleKinds(shapeOf(options), options.kinds),
      moments: given.only === undefined,
    },
    run() {
      runs += 1;
      return runFaults(folder === undefined ? options : { ...options, dataDir: join(folder, `run-${runs}`) });
    },
    ended(report, wrong) {
      print(`\n${renderReport(report)}\n`);
      print(wrong.length === 0 ? 'All of it held.' : `Did not hold:\n  ${wrong.join('\n  ')}`);
    },
    warn: (words) => print(`\n${'!'.repeat(100)}\n${words}\n${'!'.repeat(100)}\n`),
  });
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
