import { roles } from '../operators/swaps.js';
import { detectors, needs, type PipelineSpec } from './stages.js';

/** Steps without which there is nothing to write: forecasts with bands, and scores, of any of the detectors. */
const required = ['remember', 'interval', 'detect'];

/** What is wrong with the order of the steps: one that lacks what it reads, one too many, or none that is needed. */
export function wrongOrder({ stages }: PipelineSpec): string | undefined {
  const names = stages.map(nameOf);
  /** What was made so far; a challenge makes what both of its sides make. */
  const made: string[] = [];
  for (const [i, stage] of stages.entries()) {
    const name = names[i];
    if (names.indexOf(name) < i)
      return `stages[${i}].${name}: expected every step once, it is also stages[${names.indexOf(name)}]`;
    const wrong = lacks(name, made, `stages[${i}]`);
    if (wrong) return wrong;
    made.push(makes(name));
    if (!('challenge' in stage)) continue;
    const sides = roles.map((role) => stage.challenge[role].stages.map(nameOf));
    for (const [r, side] of sides.entries()) {
      const path = `stages[${i}].challenge.${roles[r]}.stages`;
      for (const [k, own] of side.entries()) {
        const wrongInside = lacks(own, [...made, ...side.slice(0, k).map(makes)], `${path}[${k}]`);
        if (wrongInside) return wrongInside;
      }
    }
    const [one, other] = sides.map((side) => side.map(makes));
    made.push(...one.filter((own) => other.includes(own)));
    const lacking = required.find((own) => !made.includes(own));
    if (lacking) return `stages[${i}].challenge: expected a step ${shownStep(lacking)} in both sides or before it`;
  }
  const lacking = required.find((name) => !made.includes(name));
  return lacking ? `stages: expected a step ${shownStep(lacking)}: without it there is nothing to write` : undefined;
}

/** What a step makes goes by the name of the one that is usual for it. */
const makes = (name: string): string => (detectors.includes(name) ? 'detect' : name);

const shownStep = (name: string): string => (name === 'detect' ? detectors.join(' or ') : name);

const nameOf = (stage: object): string => Object.keys(stage)[0];

/** What a step is missing before it, or finds there that it would do once more. */
function lacks(name: string, made: readonly string[], path: string): string | undefined {
  if (detectors.includes(name) && made.includes('detect')) {
    return `${path}.${name}: expected one step that judges rows (${detectors.join(' or ')}), there is one before it: leave out one`;
  }
  const lacking = needs[name]?.find((other) => !made.includes(other));
  return lacking && `${path}.${name}: expected a step ${shownStep(lacking)} before it, which makes what it reads`;
}
