import type { Bounds, Committed } from '../connectors/kafka/admin.js';
import type { RecordDecoder } from '../connectors/kafka/decode.js';
import { StateMismatch } from '../state/arrow.js';
import type { Checkpoint, CheckpointStore } from '../state/checkpoint.js';
import { differences } from './difference.js';
import { type Digest, emptyDigest, readNote } from './kafka-digest.js';
import { identityOf, type Pipeline } from './pipeline.js';

/** `fail` stops with the reason; `coldStart` says so, forgets everything and begins where the log still is. */
export type Truncation = 'fail' | 'coldStart';

/** A reason to stop for good: trying again would end the same way. */
export abstract class Hopeless extends Error {}

/** The log and the checkpoints together no longer hold what the state was made of. */
export class LostState extends Hopeless {
  override readonly name = 'LostState';
}

/** The replay gave other output than the one that was committed. */
export class DigestMismatch extends Hopeless {
  override readonly name = 'DigestMismatch';
  constructor(shard: string, offset: number, expected: string, found: string) {
    super(
      `${shard}: up to offset ${offset} the replay gave output with digest ${found}, committed was ${expected}: the ` +
        'program, the machine or the input is not the same as before. Nothing was written. Run the release that ' +
        'committed it, or begin afresh under another group',
    );
  }
}

/** A step threw: the same records will make it throw again. */
export class PipelineFault extends Hopeless {
  override readonly name = 'PipelineFault';
  constructor(shard: string, from: number, next: number, cause: Error) {
    super(`${shard}: a step failed between offsets ${from} and ${next}: ${cause.message}`, { cause });
  }
}

/** So many records are refused that the mapping is more likely wrong than the records. */
export class TooManyRejects extends Hopeless {
  override readonly name = 'TooManyRejects';
  constructor(shard: string, next: number, rejects: number, records: number, share: number, commonest: string) {
    super(
      `${shard}: ${rejects} of the ${records} records before offset ${next} were refused, the limit is a share of ${share}. ` +
        `Most often: ${commonest}. Correct the mapping, or raise rejectShareMax`,
    );
  }
}

export interface RestoreOptions {
  readonly topic: string;
  readonly partition: number;
  readonly partitions: number;
  readonly groupId: string;
  readonly shard: string;
  readonly pipeline: Pipeline;
  readonly decoder: RecordDecoder;
  readonly store?: CheckpointStore;
  readonly begin?: 'earliest' | 'latest';
  readonly onTruncated?: Truncation;
  readonly committed: Committed | undefined;
  /** Asks the group again where it stands. */
  readonly again: () => Promise<Committed | undefined>;
  readonly bounds: Bounds;
}

/** Where a task begins, and up to where it keeps silent. */
export interface Beginning {
  /** Its name in the store. */
  readonly name: string;
  readonly identity: string;
  /** First record to fold. */
  readonly from: number;
  /** Results of records below this one have been committed. */
  readonly replayTo: number;
  /** First record this state has ever seen. */
  readonly begin: number;
  readonly digest: Digest;
  /** What the digest must be at `replayTo`. */
  readonly expected: string | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** One phrase for the log. */
  readonly how: string;
  /** Set where state was lost and the policy says to begin anew: why, and the checkpoints that are out of force now. */
  readonly cold?: { readonly why: string; readonly retired: readonly number[] };
  /** What to make of a log that lost the offset while it was being read. */
  outOfRange(error: Error, bounds: Bounds): Error;
}

/** Finds the newest state that, with the log from there on, gives the state at the committed offset. */
export async function restore(options: RestoreOptions): Promise<Beginning> {
  const { groupId, shard, pipeline, decoder, store, committed, bounds, onTruncated = 'fail' } = options;
  const name = `${groupId}/${shard}`;
  const identity = `${identityOf(pipeline, decoder.channels)}\n${JSON.stringify({ decoder: decoder.settings })}`;
  const cold = (from: number, how: string): Beginning => ({
    ...{ name, identity, from, replayTo: from, begin: from, digest: emptyDigest, expected: undefined, how },
    checkpoint: undefined,
    outOfRange,
  });
  const outOfRange = (error: Error, { low, high }: Bounds): Error =>
    onTruncated === 'coldStart'
      ? error
      : new LostState(`${error.message}; it holds ${low} to ${high}. ${advice}`, { cause: error });
  const lost = async (from: number, why: string): Promise<Beginning> => {
    // A process that stood still since it asked finds what the next owner has saved meanwhile: nothing of that is lost.
    const now = await options.again();
    if (now?.offset !== committed?.offset) {
      throw new Error(
        `${shard}: the group stood at ${committed?.offset}, now it stands at ${now?.offset}: another process had the partition`,
      );
    }
    if (onTruncated === 'fail') throw new LostState(`${shard}: ${why}. ${advice}`);
    if (store && !store.retire) {
      throw new LostState(`${shard}: ${why}. This store cannot take checkpoints out of force (retire). ${advice}`);
    }
    // Before anything of the new life is committed: an old one with the same beginning would be taken for its own.
    const retired = (await store?.retire?.(name)) ?? [];
    return { ...cold(from, `COLD START at ${from}, all memories forgotten: ${why}`), cold: { why, retired } };
  };

  if (!committed) {
    const left = await store?.load(name);
    if (left) {
      return lost(
        bounds.low,
        `the group has no committed offset but there is a checkpoint at ${left.next}: the offsets expired or were deleted`,
      );
    }
    const from = options.begin === 'latest' ? bounds.high : bounds.low;
    return cold(from, `begins at ${from}, nothing was committed before`);
  }
  const { offset } = committed;
  if (offset < 0) return lost(bounds.low, `the group's offset was reset to ${offset} by another client`);
  if (offset > bounds.high) {
    return lost(bounds.low, `the group stands at ${offset}, the log ends at ${bounds.high}: the topic was made anew`);
  }
  const note = readNote(committed.metadata);
  const checkpoint = await store?.load(name, offset);
  const mine = checkpoint && (note === undefined || checkpoint.sinks.begin === note.begin) ? checkpoint : undefined;
  if (mine) {
    if (mine.sinks.partitions !== options.partitions) {
      throw partitionsChanged(`${shard}, by its checkpoint`, mine.sinks.partitions, options.partitions);
    }
    if (mine.pipeline !== identity) throw otherPipeline(shard, mine, identity);
    if (mine.next >= bounds.low) return from(mine, `checkpoint at ${mine.next}`);
    return lost(
      Math.max(offset, bounds.low),
      `the newest checkpoint is at ${mine.next}, the log begins at ${bounds.low}: it was cut off before a newer checkpoint was taken`,
    );
  }
  if (note?.partitions !== undefined && note.partitions !== options.partitions) {
    throw partitionsChanged(`${shard}, by what the group has noted`, note.partitions, options.partitions);
  }
  if (!note) return cold(offset, `begins at ${offset}, which somebody has set by hand`);
  if (bounds.low <= note.begin) {
    return { ...from(undefined, `no checkpoint: replays the whole log from ${note.begin}`), from: note.begin };
  }
  return lost(
    Math.max(offset, bounds.low),
    `there is no checkpoint at or below ${offset}, and the log from ${note.begin} on, which could replace it, begins at ${bounds.low}`,
  );

  function from(saved: Checkpoint | undefined, how: string): Beginning {
    const { results = 0, anomalies = 0, rejects = 0, rows = 0, begin = note?.begin ?? 0 } = saved?.sinks ?? {};
    return {
      name,
      identity,
      from: saved?.next ?? begin,
      replayTo: offset,
      begin,
      digest: { results, anomalies, rejects, rows },
      expected: note?.digest,
      checkpoint: saved,
      how,
      outOfRange,
    };
  }
}

const advice =
  'The state cannot be rebuilt. Bring back the checkpoints, or set onTruncated to coldStart to go on with empty memories, ' +
  'or begin afresh under another group; keep the retention of the input longer than the age of checkpoints';

/** Keys are in other partitions than before, and their memories are not. */
export function partitionsChanged(what: string, before: number, now: number): StateMismatch {
  return new StateMismatch(
    `${what}: the topic had ${before} partitions, it has ${now}: keys have moved to other partitions, away from their memories. ` +
      'Begin afresh under another group',
  );
}

function otherPipeline(shard: string, { next, pipeline }: Checkpoint, identity: string): StateMismatch {
  return new StateMismatch(
    `${shard}: the checkpoint at offset ${next} was taken by another pipeline.\n${differences(identity, pipeline).join('\n')}\n` +
      'Run the pipeline it was taken by, or begin afresh under another group.',
  );
}
