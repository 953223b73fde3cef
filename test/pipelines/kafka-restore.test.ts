import { expect, test } from 'vitest';
import { jsonCodec } from '../../connectors/codecs/json.js';
import { RecordDecoder } from '../../connectors/kafka/decode.js';
import { digestText, emptyDigest, noteText } from '../../pipelines/kafka-digest.js';
import { type Beginning, LostState, type RestoreOptions, restore } from '../../pipelines/kafka-restore.js';
import { pipeline } from '../../pipelines/pipeline.js';
import { MemoryStore } from '../../state/stores/memory.js';

const digest = digestText({ ...emptyDigest, results: 77, rows: 9 });
const options = (more: Partial<RestoreOptions>): RestoreOptions => ({
  ...{ topic: 'in', partition: 0, partitions: 4, groupId: 'g', shard: 'in-0', committed: undefined },
  pipeline: pipeline('p'),
  decoder: new RecordDecoder(jsonCodec(), { values: ['v'] }, 'in-0'),
  bounds: { low: 0, high: 100 },
  again: async () => more.committed,
  ...more,
});
const committed = (offset: number, begin = 0) => ({ offset, metadata: noteText({ begin, checkpoint: -1, digest }) });

async function stored(next: number, more: { begin?: number; partitions?: number; pipeline?: string } = {}) {
  const store = new MemoryStore();
  const { identity, name } = await restore(options({}));
  const { begin = 0, partitions = 4 } = more;
  const sinks = { ...emptyDigest, results: 77, rows: 9, begin, partitions };
  await store.save({ shard: name, next, ended: false, pipeline: more.pipeline ?? identity, stages: {}, sinks });
  return store;
}

const seen = ({ from, replayTo, begin, how }: Beginning) => ({ from, replayTo, begin, how: how.split(' ')[0] });

test('a new group begins at the start of the log, or at its end', async () => {
  expect(seen(await restore(options({ bounds: { low: 5, high: 9 } })))).toMatchObject({
    from: 5,
    replayTo: 5,
    begin: 5,
  });
  expect(seen(await restore(options({ begin: 'latest' })))).toMatchObject({ from: 100, replayTo: 100, begin: 100 });
});

test('the newest checkpoint at or below the committed offset, then silence up to it', async () => {
  const store = await stored(40);
  const begun = await restore(options({ store, committed: committed(60) }));
  expect(seen(begun)).toMatchObject({ from: 40, replayTo: 60, begin: 0, how: 'checkpoint' });
  expect(begun.expected).toBe(digest);
  expect(begun.digest).toMatchObject({ results: 77, rows: 9 });
});

test('without a checkpoint the whole log, if it is still there', async () => {
  const begun = await restore(options({ committed: committed(60, 3), bounds: { low: 3, high: 100 } }));
  expect(seen(begun)).toMatchObject({ from: 3, replayTo: 60, begin: 3 });
});

test('an offset that somebody set by hand begins afresh there, or goes on from a checkpoint', async () => {
  expect(seen(await restore(options({ committed: { offset: 60, metadata: '' } })))).toMatchObject({
    from: 60,
    begin: 60,
  });
  const store = await stored(40);
  const begun = await restore(options({ store, committed: { offset: 60, metadata: '' } }));
  expect(seen(begun)).toMatchObject({ from: 40, replayTo: 60 });
  expect(begun.expected).toBeUndefined();
});

test('a process that stood still while another one went on takes nothing for lost, and nothing out of force', async () => {
  const store = await stored(40);
  const again = async () => committed(40);
  const { name } = await restore(options({}));
  for (const onTruncated of ['fail', 'coldStart'] as const) {
    await expect(restore(options({ store, again, onTruncated }))).rejects.toThrow(
      /now it stands at 40: another process/,
    );
    await expect(restore(options({ store, again, onTruncated }))).rejects.not.toThrow(LostState);
  }
  expect((await store.load(name))?.next).toBe(40);
});

test.each([
  ['offsets expired', { committed: undefined }, /no committed offset but there is a checkpoint at 40/, 0],
  ['a reset by another client', { committed: { offset: -2, metadata: 'x' } }, /was reset to -2/, 0],
  ['a topic made anew', { committed: committed(500) }, /stands at 500, the log ends at 100/, 0],
  [
    'a log cut off behind the checkpoint',
    { committed: committed(60), bounds: { low: 50, high: 100 } },
    /log begins at 50/,
    60,
  ],
  [
    'a checkpoint of another beginning',
    { committed: committed(60, 55), bounds: { low: 58, high: 100 } },
    /begins at 58/,
    60,
  ],
])('%s: refused, or a cold start that says why', async (_, more, why, from) => {
  const store = await stored(40);
  await expect(restore(options({ store, ...more }))).rejects.toThrow(LostState);
  await expect(restore(options({ store, ...more }))).rejects.toThrow(why);
  await expect(restore(options({ store, ...more }))).rejects.toThrow(/onTruncated to coldStart/);
  const cold = await restore(options({ store, ...more, onTruncated: 'coldStart' }));
  expect(seen(cold)).toMatchObject({ from, replayTo: from, begin: from, how: 'COLD' });
  expect(cold.how).toMatch(why);
  expect(cold.cold).toMatchObject({ why: expect.stringMatching(why), retired: [40] });
  // Out of force: nothing of the old life comes back, and the new one may save from its first offset on.
  expect(await store.load('g/in-0')).toBeUndefined();
});

test('a store that cannot begin anew is not taken for one that did', async () => {
  const { load, save } = await stored(40).then((all) => ({ load: all.load.bind(all), save: all.save.bind(all) }));
  const more = { store: { load, save }, committed: committed(500), onTruncated: 'coldStart' as const };
  await expect(restore(options(more))).rejects.toThrow(/cannot take checkpoints out of force/);
});

test('another pipeline, and another number of partitions, are refused', async () => {
  await expect(
    restore(options({ store: await stored(40, { pipeline: 'other' }), committed: committed(60) })),
  ).rejects.toThrow(/another pipeline/);
  await expect(
    restore(options({ store: await stored(40, { partitions: 8 }), committed: committed(60) })),
  ).rejects.toThrow(/had 8 partitions, it has 4/);
  // Before the first checkpoint the group's own note knows it.
  const noted = { offset: 60, metadata: noteText({ begin: 0, checkpoint: -1, digest, partitions: 2 }) };
  await expect(restore(options({ committed: noted }))).rejects.toThrow(
    /by what the group has noted: the topic had 2 partitions, it has 4/,
  );
});

test('a log that loses the offset while it is read', async () => {
  const error = new Error('gone');
  const strict = await restore(options({}));
  expect(strict.outOfRange(error, { low: 3, high: 9 })).toBeInstanceOf(LostState);
  const loose = await restore(options({ onTruncated: 'coldStart' }));
  expect(loose.outOfRange(error, { low: 3, high: 9 })).toBe(error);
});
