import mongoose, { type Connection, Schema } from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedMongo, startEmbeddedMongo } from './index.ts';
import { temporaryDirectory } from './testing/database.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let database: EmbeddedMongo;
let connection: Connection;
let models: ReturnType<typeof defineModels>;

beforeAll(async () => {
  directory = await temporaryDirectory();
  database = await startEmbeddedMongo({ dataDir: directory.path });
  connection = await mongoose.createConnection(database.url, { dbName: 'app' }).asPromise();
  models = defineModels();
});

afterAll(async () => {
  await connection.close();
  await database[Symbol.asyncDispose]();
  await directory.remove();
});

function defineModels() {
  const userSchema = new Schema(
    {
      email: { type: String, required: true, unique: true, lowercase: true },
      name: String,
      roles: [String],
      settings: { type: Map, of: String },
      balance: { type: Schema.Types.BigInt, default: 0n },
    },
    { timestamps: true },
  );
  userSchema.index({ name: 1, createdAt: -1 });
  const postSchema = new Schema({
    author: { type: Schema.Types.ObjectId, ref: 'User', index: true },
    title: String,
    comments: [{ by: { type: Schema.Types.ObjectId, ref: 'User' }, text: String }],
    publicId: Schema.Types.UUID,
  });
  const User = connection.model('User', userSchema);
  const Post = connection.model('Post', postSchema);
  return { User, Post };
}

test('builds the indexes of a schema and reports a duplicate as in production', async () => {
  const { User } = models;
  await User.init();
  expect((await User.listIndexes()).map(({ name }: { name?: string }) => String(name)).sort()).toEqual([
    '_id_',
    'email_1',
    'name_1_createdAt_-1',
  ]);
  expect(await User.diffIndexes()).toMatchObject({ toDrop: [], toCreate: [] });
  await User.create({ email: 'Ann@x', name: 'ann' });
  await expect(User.create({ email: 'ann@x' })).rejects.toMatchObject({
    name: 'MongoServerError',
    code: 11000,
    keyPattern: { email: 1 },
    keyValue: { email: 'ann@x' },
  });
  await expect(User.create({})).rejects.toMatchObject({ name: 'ValidationError' });
});

test('saves, populates, and reads lean', async () => {
  const { User, Post } = models;
  const [ann, bob] = await User.create([
    { email: 'a1', name: 'a', settings: { theme: 'dark' }, balance: 2n ** 60n },
    { email: 'b1', name: 'b' },
  ]);
  if (ann === undefined || bob === undefined) throw new Error('not created');
  const post = await Post.create({
    author: ann._id,
    title: 't',
    comments: [{ by: bob._id, text: 'hi' }],
    publicId: '0b8d2c2e-52b0-4b5c-9d77-2a4a3b0bb000',
  });
  const found = await Post.findOne({ 'comments.by': bob._id })
    .populate('author')
    .populate('comments.by')
    .orFail();
  expect(found.toObject()).toMatchObject({ author: { email: 'a1' }, comments: [{ by: { email: 'b1' } }] });
  const lean = await User.findById(ann._id).lean();
  expect(lean).toMatchObject({ email: 'a1', settings: { theme: 'dark' } });
  expect((await User.findById(ann._id).orFail()).get('balance')).toBe(2n ** 60n);
  found.get('comments').push({ by: ann._id, text: 'oh' });
  found.set('title', 'changed');
  await found.save();
  expect(await Post.findById(post._id).lean()).toMatchObject({
    title: 'changed',
    comments: [{ text: 'hi' }, { text: 'oh' }],
  });
  found.get('comments').pull(found.get('comments')[0]);
  await found.save();
  expect((await Post.findById(post._id).orFail()).get('comments')).toHaveLength(1);
});

test('a stale save fails by its version', async () => {
  const { Post } = models;
  await Post.create({ title: 'v', comments: [{ text: '1' }, { text: '2' }] });
  const [one, two] = await Promise.all([
    Post.findOne({ title: 'v' }).orFail(),
    Post.findOne({ title: 'v' }).orFail(),
  ]);
  one.set('comments', []);
  await one.save();
  two.set('comments.0.text', 'late');
  await expect(two.save()).rejects.toMatchObject({ name: 'VersionError' });
});

test('upserts, bulk writes and cursors', async () => {
  const { User } = models;
  const upserted = await User.findOneAndUpdate(
    { email: 'up' },
    { $set: { name: 'up' }, $addToSet: { roles: 'admin' } },
    { upsert: true, returnDocument: 'after' },
  );
  expect(upserted).toMatchObject({ email: 'up', name: 'up' });
  await User.bulkWrite([
    { insertOne: { document: { email: 'bulk1', name: 'bulk' } } },
    { updateOne: { filter: { email: 'bulk2' }, update: { $set: { name: 'bulk' } }, upsert: true } },
    { updateMany: { filter: { name: 'bulk' }, update: { $push: { roles: 'x' } } } },
  ]);
  const names: string[] = [];
  for await (const user of User.find({ name: 'bulk' }).sort({ email: 1 }).batchSize(1).cursor())
    names.push(user.get('email'));
  expect(names).toEqual(['bulk1', 'bulk2']);
  const failed = await User.insertMany([{ email: 'bulk1' }, { email: 'new1' }, { email: 'bulk2' }], {
    ordered: false,
  }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 11000, writeErrors: [{ index: 0 }, { index: 2 }] });
  expect(await User.exists({ email: 'new1' })).not.toBeNull();
});

test('counts, distinct values and aggregations', async () => {
  const { User } = models;
  const Thing = connection.model(
    'Thing',
    new Schema({ kind: String, n: Number, at: { type: Date, expires: 3600 } }),
  );
  await Thing.insertMany([
    { kind: 'a', n: 1 },
    { kind: 'a', n: 2 },
    { kind: 'b', n: 3 },
  ]);
  expect(await Thing.countDocuments({ kind: 'a' })).toBe(2);
  expect((await Thing.distinct('kind')).sort()).toEqual(['a', 'b']);
  expect(
    await Thing.aggregate([{ $group: { _id: '$kind', n: { $sum: '$n' } } }, { $sort: { _id: 1 } }]),
  ).toEqual([
    { _id: 'a', n: 3 },
    { _id: 'b', n: 3 },
  ]);
  expect((await Thing.deleteMany({ kind: 'a' })).deletedCount).toBe(2);
  expect((await Thing.listIndexes()).find(({ name }: { name?: string }) => name === 'at_1')).toMatchObject({
    expireAfterSeconds: 3600,
  });
  await User.syncIndexes();
});

test('a transaction is refused with the code of a standalone', async () => {
  const { User } = models;
  await expect(
    connection.transaction((session) => User.create([{ email: 'tx' }], { session })),
  ).rejects.toMatchObject({
    originalError: { code: 20, codeName: 'IllegalOperation' },
  });
  expect(await User.exists({ email: 'tx' })).toBeNull();
});
