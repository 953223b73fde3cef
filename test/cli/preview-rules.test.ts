import { expect, test } from 'vitest';
import { givenRules, previewedSection } from '../../cli/preview-rules.js';

const own = {
  rules: [{ name: 'own', labels: { team: 'a' } }],
  keyLabels: '{site}/{machine}',
  detector: 'd',
  routes: [{ match: { team: 'a' } }],
};

test('rules that were given stand in for those of the pipeline, whose words of keys and detector stay', async () => {
  const rules = await givenRules(['{"name": "a", "match": {"site": "north"}}', '[{"name": "b"}]']);
  expect(rules.map(({ name }) => name)).toEqual(['a', 'b']);
  const { keyLabels, detector } = own;
  expect(await previewedSection(rules, own, 'mine.json')).toEqual({ rules, keyLabels, detector });
  expect(await previewedSection(undefined, own, 'mine.json')).toEqual({ rules: own.rules, keyLabels, detector });
});

test('without any rules, and with labels that nothing gives, it says so', async () => {
  await expect(previewedSection(undefined, undefined, 'light')).rejects.toThrow(
    'alerts preview: expected --rule, or a pipeline with rules in its section alerts, light has none',
  );
  const rules = await givenRules(['{"name": "a", "match": {"sit": "north"}}']);
  await expect(previewedSection(rules, own, 'mine.json')).rejects.toThrow(
    /^--rule: rules\[0\].match.sit: .* \(did you mean "site"\?\)$/,
  );
});
