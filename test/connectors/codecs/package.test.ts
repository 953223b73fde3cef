import { expect, test } from 'vitest';
import { optionalPackage } from '../../../connectors/codecs/package.js';

test('a package that is there, and one that is not', () => {
  expect(optionalPackage<{ Kafka: unknown }>('kafkajs', 'tests').Kafka).toBeDefined();
  expect(() => optionalPackage('no-such-package-7', 'Avro payloads')).toThrow(
    /Avro payloads need the package no-such-package-7.*npm install no-such-package-7/,
  );
});
