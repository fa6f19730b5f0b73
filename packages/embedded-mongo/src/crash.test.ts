import { setTimeout as delay } from 'node:timers/promises';
import { type Collection, type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from './testing/database.ts';
import { seededRandom } from './testing/random.ts';
import { buildPackage, type ServerProcess, spawnServer } from './testing/server-process.ts';

const KILLS = 200;
/** Two servers are killed side by side, each with a directory of its own. */
const LANES = 2;
const WRITERS = 12;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);

interface Entry {
  /** The version that was acknowledged last; 0 when the document was deleted or never made. */
  version: number;
  /** What was being written when the connection broke: it may be there or not, but nothing else may. */
  pending: number | undefined;
}

const lanes: { directory: Awaited<ReturnType<typeof temporaryDirectory>>; server?: ServerProcess }[] = [];

beforeAll(async () => {
  await buildPackage();
  for (let i = 0; i < LANES; i++) lanes.push({ directory: await temporaryDirectory() });
}, 60_000);

afterAll(async () => {
  for (const { directory, server } of lanes) {
    if (server !== undefined && server.child.exitCode === null && server.child.signalCode === null)
      await server.kill('SIGKILL');
    await directory.remove();
  }
});

/** The whole of a document follows from its id and version, so that a half-written one cannot pass for another. */
function content(id: number, version: number): Document {
  return {
    _id: id,
    version,
    code: `${id}-${version}`,
    group: (id * 7 + version) % 5,
    tags: Array.from({ length: (id + version) % 4 }, (_, i) => `t${(version + i) % 9}`),
    pad: String.fromCharCode(97 + (version % 26)).repeat((id * 131 + version * 17) % 3000),
  };
}

class Lane {
  acknowledged = 0;
  unknown = 0;
  private readonly entries = new Map<number, Entry>();
  private readonly random: () => number;
  private nextId = 1;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  async verify(things: Collection<Document>): Promise<void> {
    const found = new Map(
      (await things.find({}, { batchSize: 5000 }).toArray()).map((document) => [
        Number(document._id),
        document,
      ]),
    );
    for (const [id, entry] of this.entries) {
      const document = found.get(id);
      const version = document === undefined ? 0 : Number(document.version);
      const possible = entry.pending === undefined ? [entry.version] : [entry.version, entry.pending];
      expect(possible, `document ${id}, seed ${SEED}`).toContain(version);
      if (document !== undefined) expect(document).toEqual(content(id, version));
      entry.version = version;
      entry.pending = undefined;
      found.delete(id);
    }
    expect([...found.keys()], 'documents that nobody wrote').toEqual([]);
    const report = await things.db.command({ validate: 'things' }).catch((error: { code?: number }) => {
      // The collection itself is the first write, and may have been the one in flight.
      if (error.code === 26 && this.acknowledged === 0) return { valid: true };
      throw error;
    });
    expect(report).toMatchObject({ valid: true });
  }

  /** Writes until the connection breaks. */
  async load(things: Collection<Document>): Promise<void> {
    const writers = Array.from({ length: WRITERS }, (_, i) => this.write(things, i));
    await Promise.all(writers);
  }

  private async write(things: Collection<Document>, writer: number): Promise<void> {
    try {
      if (writer === 0) {
        await things.createIndex({ code: 1 }, { unique: true });
        await things.createIndex({ tags: 1, version: -1 });
        if (this.random() < 0.3) await things.dropIndex('group_1').catch(() => undefined);
        await things.createIndex({ group: 1 });
      }
      while (true) await this.step(things, writer);
    } catch {
      // The server is gone.
    }
  }

  private async step(things: Collection<Document>, writer: number): Promise<void> {
    const own = [...this.entries.keys()].filter(
      (id) => id % WRITERS === writer && this.entries.get(id)?.version !== 0,
    );
    const victim = own[Math.floor(this.random() * own.length)];
    const choice = this.random();
    if (victim === undefined || (choice < 0.3 && own.length < 60)) await this.insert(things, writer);
    else if (choice < 0.85) await this.update(things, victim);
    else await this.remove(things, victim);
  }

  private async insert(things: Collection<Document>, writer: number): Promise<void> {
    const count = this.random() < 0.3 ? 5 : 1;
    const ids = Array.from({ length: count }, () => this.newId(writer));
    for (const id of ids) this.entries.set(id, { version: 0, pending: 1 });
    await things.insertMany(ids.map((id) => content(id, 1)));
    for (const id of ids) this.acknowledge(id, 1);
  }

  private async update(things: Collection<Document>, id: number): Promise<void> {
    const next = (this.entries.get(id)?.version ?? 0) + 1;
    this.entries.set(id, { version: next - 1, pending: next });
    const { _id, ...fields } = content(id, next);
    await things.findOneAndUpdate({ _id, version: next - 1 }, { $set: fields });
    this.acknowledge(id, next);
  }

  private async remove(things: Collection<Document>, id: number): Promise<void> {
    this.entries.set(id, { version: this.entries.get(id)?.version ?? 0, pending: 0 });
    await things.deleteOne({ _id: id as never });
    this.acknowledge(id, 0);
  }

  private acknowledge(id: number, version: number): void {
    this.entries.set(id, { version, pending: undefined });
    this.acknowledged++;
  }

  /** Ids never come back, and each belongs to one writer. */
  private newId(writer: number): number {
    return this.nextId++ * WRITERS + writer;
  }

  get inFlight(): number {
    return [...this.entries.values()].filter(({ pending }) => pending !== undefined).length;
  }
}

async function connect(url: string): Promise<MongoClient> {
  return await MongoClient.connect(url, {
    retryReads: false,
    retryWrites: false,
    maxPoolSize: WRITERS,
    serverSelectionTimeoutMS: 5000,
  });
}

async function killRepeatedly(
  lane: Lane,
  slot: (typeof lanes)[number],
  kills: number,
  random: () => number,
): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    slot.server = spawnServer(slot.directory.path);
    // Some die while they start, recovery included.
    if (random() < 0.1) {
      await delay(random() * 300);
      await slot.server.kill('SIGKILL');
      continue;
    }
    const client = await connect(await slot.server.url);
    const things = client.db('crash').collection<Document>('things');
    await lane.verify(things);
    const loading = lane.load(things);
    const enough = lane.acknowledged + Math.floor(random() * 40);
    await expect
      .poll(() => lane.acknowledged, { interval: 1, timeout: 20_000 })
      .toBeGreaterThanOrEqual(enough);
    await delay(random() * 15);
    await slot.server.kill('SIGKILL');
    lane.unknown += lane.inFlight;
    await client.close();
    await loading;
  }
  slot.server = spawnServer(slot.directory.path);
  const client = await connect(await slot.server.url);
  await lane.verify(client.db('crash').collection<Document>('things'));
  await client.close();
  await slot.server.kill('SIGTERM');
  expect(slot.server.child.exitCode).toBe(0);
}

test(`killed ${KILLS} times under load, it always reopens with every acknowledged write and no half document`, async () => {
  const runs = lanes.map((slot, i) => {
    const lane = new Lane(SEED + i);
    return { lane, done: killRepeatedly(lane, slot, KILLS / LANES, seededRandom(SEED + 1000 + i)) };
  });
  await Promise.all(runs.map(({ done }) => done));
  const acknowledged = runs.reduce((sum, { lane }) => sum + lane.acknowledged, 0);
  const unknown = runs.reduce((sum, { lane }) => sum + lane.unknown, 0);
  // Without writes to lose, and some cut off in flight, surviving would prove nothing.
  expect(acknowledged).toBeGreaterThan(KILLS * 10);
  expect(unknown).toBeGreaterThan(KILLS);
}, 600_000);
