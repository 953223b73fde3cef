import { SpecError } from './spec-error.js';
import { type BranchSpec, type PipelineSpec, type PromptName, promptNames, type StageSpec } from './stages.js';

const nameOf = (stage: StageSpec): string => Object.keys(stage)[0];
const isPrompt = (stage: StageSpec): boolean => promptNames.includes(nameOf(stage) as PromptName);

/**
 * One pipeline in which two are compared: the steps that they have in common at the start, a challenge between what
 * follows up to the last step that answers each row at once, and the champion's steps behind.
 */
export function challengeSpec(champion: PipelineSpec, challenger: PipelineSpec): PipelineSpec {
  const same = (i: number): boolean =>
    JSON.stringify(champion.stages[i]) === JSON.stringify(challenger.stages[i]) && i < champion.stages.length;
  let head = 0;
  while (same(head)) head++;
  if (head === champion.stages.length && head === challenger.stages.length) {
    throw new SpecError('compare: expected two configurations that differ, got the same twice');
  }
  const [first, second] = [champion, challenger].map((spec) => branchOf(spec, head));
  const behind = champion.stages.slice(head + first.stages.length);
  return {
    name: `${champion.name} against ${challenger.name}`,
    stages: [
      ...champion.stages.slice(0, head),
      { challenge: { champion: first, challenger: second } },
      ...behind,
    ] as StageSpec[],
  };
}

function branchOf({ name, stages }: PipelineSpec, head: number): BranchSpec {
  const rest = stages.slice(head);
  const end = rest.findIndex((stage) => !isPrompt(stage));
  const own = end < 0 ? rest : rest.slice(0, end);
  if (own.length === 0) {
    const found = rest[0] ? nameOf(rest[0]) : 'none';
    throw new SpecError(
      `compare: expected the first difference in one of ${promptNames.join(', ')}, got ${found} in ${name}: ` +
        'steps that hold rows back or join them must be the same in both, or they answer different rows',
    );
  }
  return { name, stages: own as BranchSpec['stages'] };
}
