import { crc32 } from 'node:zlib';

/** Where the output of a task stands: a running checksum of each kind of output, however it was cut into commits. */
export interface Digest {
  readonly results: number;
  readonly anomalies: number;
  readonly rejects: number;
  /** Rows of all kinds. */
  readonly rows: number;
}

export const emptyDigest: Digest = { results: 0, anomalies: 0, rejects: 0, rows: 0 };

/** Takes one more row of output in. */
export function addTo(
  digest: { -readonly [K in keyof Digest]: Digest[K] },
  kind: 'results' | 'anomalies' | 'rejects',
  key: Buffer | null,
  value: Buffer | null,
): void {
  const before = key === null ? digest[kind] : crc32(key, digest[kind]);
  digest[kind] = value === null ? before : crc32(value, before);
  digest.rows++;
}

const hex = (sum: number): string => sum.toString(16).padStart(8, '0');

export const digestText = ({ results, anomalies, rejects, rows }: Digest): string =>
  `${hex(results)}${hex(anomalies)}${hex(rejects)}-${rows}`;

/** What is committed beside an offset: where the task began, its newest checkpoint, and where its output stands. */
export interface Note {
  /** First offset this state has ever seen. */
  readonly begin: number;
  /** Offset of the newest checkpoint when this was committed; -1 before the first. */
  readonly checkpoint: number;
  readonly digest: string;
  /** Partitions of the topic; releases before this one did not say. */
  readonly partitions?: number;
}

export const noteText = ({ begin, checkpoint, digest, partitions }: Note): string =>
  `b=${begin};cp=${checkpoint};d=${digest}${partitions === undefined ? '' : `;p=${partitions}`}`;

/** Reads a note; undefined where somebody else has set the offset. */
export function readNote(text: string): Note | undefined {
  const parts = /^b=(\d+);cp=(-?\d+);d=([0-9a-f]{24}-\d+)(?:;p=(\d+))?$/.exec(text);
  if (!parts) return undefined;
  const [, begin, checkpoint, digest, partitions] = parts;
  const note = { begin: Number(begin), checkpoint: Number(checkpoint), digest };
  return partitions === undefined ? note : { ...note, partitions: Number(partitions) };
}
