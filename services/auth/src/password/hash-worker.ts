import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { compareSync, hashSync } from 'bcryptjs';
import type { HashJob, HashReply } from './hash-job.ts';

// On Linux a priority belongs to the calling thread alone: the event loop then comes first wherever cores are short,
// and log-ins are still served on a machine that is busy with something else.
// Elsewhere the same call would slow the whole process down.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

parentPort?.on('message', (job: HashJob) => {
  parentPort?.postMessage(run(job));
});

function run(job: HashJob): HashReply {
  try {
    return job.kind === 'hash'
      ? { id: job.id, ok: true, value: hashSync(job.input, job.cost) }
      : { id: job.id, ok: true, value: compareSync(job.input, job.hash) };
  } catch {
    return { id: job.id, ok: false };
  }
}
