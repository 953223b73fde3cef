import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the broker of a test run comes from; `none` with the reasons. */
export type Choice =
  | { readonly kind: 'named'; readonly addresses: readonly string[] }
  | { readonly kind: 'java' | 'docker' }
  | { readonly kind: 'none'; readonly why: string };

type Environment = Readonly<Record<string, string | undefined>>;

export const versionOf = (env: Environment = process.env): string => env.KAFKA_VERSION ?? '4.1.1';

/** Where Kafka's jars are kept between runs. */
export const jarsOf = (version: string): string =>
  join(dirname(fileURLToPath(import.meta.url)), '../..', '.cache', `kafka-${version}`);

/** A cluster that was named, else one of our own with Java, else one in Docker. */
export function chooseBroker(env: Environment = process.env, jars = jarsOf(versionOf(env))): Choice {
  if (env.KAFKA_BROKERS) return { kind: 'named', addresses: env.KAFKA_BROKERS.split(',') };
  const noJava = !onPath('java', env) ? 'Java 17 is not on the PATH' : undefined;
  const noJars =
    !existsSync(jars) && !onPath('mvn', env) ? `Maven is not on the PATH and ${jars} not there` : undefined;
  if (!noJava && !noJars) return { kind: 'java' };
  const noDocker = dockerLacks(env);
  if (!noDocker) return { kind: 'docker' };
  return { kind: 'none', why: [noJava, noJars, noDocker].filter(Boolean).join('; ') };
}

/** What it takes to run the tests that were left out. */
export const advice =
  'Install Java 17 and Maven, or start Docker, or name a cluster: KAFKA_BROKERS=host:port npm test. The parts that talk to Kafka are NOT tested without.';

function dockerLacks(env: Environment): string | undefined {
  if (!onPath('docker', env)) return 'Docker is not on the PATH';
  const { status } = spawnSync('docker', ['info'], { env: env as NodeJS.ProcessEnv, stdio: 'ignore', timeout: 10_000 });
  return status === 0 ? undefined : 'Docker is on the PATH, but its engine does not answer';
}

function onPath(name: string, env: Environment): boolean {
  return (env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
