// Mails everybody the calls they missed, a digest every DIGEST_MINUTES:
//   NATS_URL=nats://events:password@localhost:4222 SMTP_URL=smtp://localhost:25 node packages/client/examples/missed-call-digest.mjs
import { subscribeEvents } from '@switchboard/client/events';
import nodemailer from 'nodemailer';

const {
  NATS_URL = 'nats://localhost:4222',
  SMTP_URL = 'smtp://localhost:25',
  MAIL_FROM = 'switchboard@example.com',
  MAIL_TO = '{username}@example.com',
  DIGEST_MINUTES = '15',
} = process.env;
const { host, username, password } = new URL(NATS_URL);
const mail = nodemailer.createTransport(SMTP_URL);
const MISSED = ['missed', 'cancelled', 'busy', 'unavailable', 'network_error'];
/** By user: whom to write to, and the calls, each with the way to say that it was mailed. */
const digests = new Map();

const events = await subscribeEvents(
  {
    servers: host,
    user: decodeURIComponent(username),
    pass: decodeURIComponent(password),
    durable: 'missed-call-digest',
    types: ['call.ended'],
    // Events are kept in hand until they are mailed: what a crash leaves unmailed comes again, so nothing needs to be stored here.
    order: 'none',
    concurrency: 1_000,
    onProblem: ({ message }) => console.error(message),
  },
  async ({ call, reason, from }) => {
    if (from === 'ringing' && MISSED.includes(reason)) await Promise.all(call.callees.map(mailed));

    function mailed(callee) {
      return new Promise((resolve, reject) => {
        const { calls } = digests.get(callee.id) ?? { calls: [] };
        digests.set(callee.id, { callee, calls: [...calls, { call, resolve, reject }] });
      });
    }
  },
);

async function send() {
  const due = [...digests.values()];
  digests.clear();
  for (const { callee, calls } of due) {
    const to = { name: callee.name, address: MAIL_TO.replace('{username}', callee.username) };
    const text = calls.map(({ call }) => `${call.createdAt} ${call.caller.name}`).join('\n');
    try {
      await mail.sendMail({ from: MAIL_FROM, to, subject: `Missed calls: ${calls.length}`, text });
      for (const { resolve } of calls) resolve();
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }
}
const timer = setInterval(() => void send(), Number(DIGEST_MINUTES) * 60_000);
const stop = () => send().then(() => events.close());
process.once('SIGTERM', () => void stop().finally(() => clearInterval(timer)));
