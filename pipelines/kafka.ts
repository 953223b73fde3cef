// The public surface of what runs on Kafka: what `import { … } from 'engram/kafka'` gives. One explicit list.

export { arrowRecordCodec } from '../connectors/codecs/arrow-record.js';
export { avroCodec } from '../connectors/codecs/avro.js';
export { cloudEventsCodec } from '../connectors/codecs/cloud-events.js';
export { type CsvLineOptions, csvLineCodec } from '../connectors/codecs/csv-line.js';
export { jsonCodec } from '../connectors/codecs/json.js';
export { jsonSchemaCodec } from '../connectors/codecs/json-schema.js';
export { type ProtobufOptions, protobufCodec } from '../connectors/codecs/protobuf.js';
export { type KafkaAddress, parseKafkaUrl } from '../connectors/kafka/address.js';
export { type KafkaLogin, type KafkaOptions, type KafkaTls, kafkaClient } from '../connectors/kafka/client.js';
export type { Mapping, PayloadCodec, Refusal } from '../connectors/kafka/decode.js';
export type { KafkaRecord } from '../connectors/kafka/record.js';
export { type RegistryOptions, SchemaRegistry } from '../connectors/kafka/registry.js';
export { readSecret, Secret, type SecretPlace } from '../connectors/kafka/secret.js';
export { KafkaSource, type KafkaSourceOptions } from '../connectors/kafka/source.js';
export { KafkaTable } from '../connectors/kafka/table.js';
export { KafkaStore, type KafkaStoreOptions } from '../state/stores/kafka.js';
export type { KafkaMode, WorkerEvent, WorkerOptions } from './kafka-options.js';
export type { KafkaOutputs } from './kafka-output.js';
export { DigestMismatch, LostState, PipelineFault, TooManyRejects } from './kafka-restore.js';
export { type KafkaRunOptions, runKafka, type StatePlace } from './kafka-run.js';
export { parseKafkaRun } from './kafka-spec.js';
export { KafkaWorker } from './kafka-worker.js';
