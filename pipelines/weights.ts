import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Pretrained } from '../operators/remember.js';
import { unframe } from '../state/checkpoint.js';
import { SpecError } from './spec-error.js';

/** The weights in a checkpoint, as `engram pretrain` writes one; that of a run with shared weights will do as well. */
export async function readWeights(path: string): Promise<Pretrained> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new SpecError(
      error.code === 'ENOENT'
        ? `weights: expected own, shared, or a checkpoint of engram pretrain, got ${JSON.stringify(path)}: there is no such file`
        : `weights: ${path} cannot be read: ${error.message}`,
    );
  });
  try {
    const { stages } = unframe(bytes);
    const saved = stages.remember;
    if (!saved) {
      throw new SpecError(
        `weights: expected a checkpoint with a step remember, ${path} has ${Object.keys(stages).join(', ') || 'none'}`,
      );
    }
    return { saved, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
  } catch (error) {
    throw error instanceof SpecError ? error : new SpecError(`weights: ${path}: ${(error as Error).message}`);
  }
}

/** A pipeline as JSON whose `weights` of `remember` may be the path of a checkpoint: read, where it is one. */
export async function withWeights(spec: unknown): Promise<unknown> {
  const { stages } = (spec ?? {}) as { stages?: unknown };
  if (!Array.isArray(stages)) return spec;
  const read = stages.map(async (stage: unknown) => {
    const { remember, challenge } = (stage ?? {}) as { remember?: { weights?: unknown }; challenge?: object };
    if (challenge) return { challenge: await sides(challenge as Record<string, unknown>) };
    const weights = remember?.weights;
    if (typeof weights !== 'string' || ['own', 'shared'].includes(weights)) return stage;
    return { remember: { ...remember, weights: await readWeights(weights) } };
  });
  return { ...(spec as object), stages: await Promise.all(read) };
}

async function sides(challenge: Record<string, unknown>): Promise<object> {
  const [champion, challenger] = await Promise.all([challenge.champion, challenge.challenger].map(withWeights));
  return { ...challenge, champion, challenger };
}
