import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface DockerBroker {
  readonly version: string;
  /** On the loopback of this machine, and inside of the container. */
  readonly port: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** The call of `docker` that runs one broker, which is gone when the call ends. */
export function dockerArguments({ version, port, properties }: DockerBroker): string[] {
  const all: Record<string, string> = {
    ...properties,
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': '1@localhost:9093',
    listeners: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:9093`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
  };
  // The image takes properties as KAFKA_NODE_ID for node.id.
  const settings = Object.entries(all).flatMap(([name, value]) => [
    '--env',
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}=${value}`,
  ]);
  return [
    ...['run', '--rm', '--name', `engram-kafka-${port}`, '--publish', `127.0.0.1:${port}:${port}`],
    ...[...settings, `apache/kafka:${version}`],
  ];
}

/** Begins such a broker for as long as another process lives; what it says goes to a file. */
export function launchInDocker(broker: DockerBroker, owner: number, folder: string, log: number): void {
  const guard = join(dirname(fileURLToPath(import.meta.url)), 'guard.mjs');
  const args = [guard, String(owner), folder, 'docker', ...dockerArguments(broker)];
  spawn(process.execPath, args, { stdio: ['ignore', log, log], detached: true }).unref();
}
