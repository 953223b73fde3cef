import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * Files with a process of their own: those that talk to a broker, that change what a process shares, or count it. All
 * others take turns in processes that have the modules loaded; `test/tidy.test.ts` tells of one that must not.
 */
export const alone = [
  'test/*.test.ts',
  'test/{chaos,deploy,kafka,laws,connectors/kafka}/**/*.test.ts',
  'test/**/{kafka,kafka-*}.test.ts',
  'test/cli/{alert-desk,run}.test.ts',
  'test/connectors/alerts/slack.test.ts',
  'test/connectors/arrow.test.ts',
  'test/connectors/codecs/{arrow-missing,arrow-packing,arrow-record,protobuf}.test.ts',
  'test/models/kernels/scratch.test.ts',
  'test/models/pretrain/tfjs.test.ts',
  'test/pipelines/{alert-spec,budget}.test.ts',
];

export default defineConfig({
  test: {
    // Vitest leaves one core free: on a machine of two that is half of it.
    maxWorkers: availableParallelism(),
    // Nothing asserts how fast it is: a limit is only there to end what hangs, on a busy machine too.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: alone, isolate: false } },
    ],
  },
});
