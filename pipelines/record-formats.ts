/** How the value of a record may be written. */
export const recordFormats = ['json', 'csv', 'avro', 'protobuf', 'json-schema', 'cloudevents', 'arrow'] as const;
export type RecordFormat = (typeof recordFormats)[number];
