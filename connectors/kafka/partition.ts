import kafkajs from 'kafkajs';

/** The partition of a key among so many: the one Java's clients choose; records without a key go to the first. */
export function partitionOfKey(topic: string, partitions: number): (key: Buffer | string | null) => number {
  const choose = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    ...{ partitionId, leader: 0, replicas: [], isr: [], partitionErrorCode: 0 },
  }));
  return (key) => (key === null ? 0 : choose({ topic, partitionMetadata, message: { key, value: null } }));
}
