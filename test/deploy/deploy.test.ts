import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { HealthServer } from '../../pipelines/kafka-http.js';
import { kafkaFigures } from '../../pipelines/kafka-metrics.js';
import type { KafkaRunOptions } from '../../pipelines/kafka-run.js';
import { parseKafkaRun } from '../../pipelines/kafka-spec.js';
import { instructionsOf } from './dockerfile.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Answers of the program at these paths; anything it does not serve is 404. */
async function statusOf(paths: readonly string[]): Promise<number[]> {
  const health = { broken: () => undefined, waiting: () => undefined, metrics: () => '' };
  const server = await HealthServer.start(health, 0, '127.0.0.1');
  try {
    return await Promise.all(paths.map(async (path) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).status));
  } finally {
    await server.close();
  }
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(read('deploy/Dockerfile'));
  const of = (name: string) => instructions.filter((one) => one.name === name).map(({ rest }) => rest);
  const stages = of('FROM').length;

  test('has two stages, ends as somebody who is not root, and passes signals on', () => {
    expect(stages).toBe(2);
    expect(of('USER')).toEqual(['1000:1000']);
    expect(of('STOPSIGNAL')).toEqual(['SIGTERM']);
    const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
    // Without a shell between, which would keep the signal for itself.
    const start = last
      .filter(({ name }) => name === 'ENTRYPOINT' || name === 'CMD')
      .map(({ rest }) => JSON.parse(rest));
    expect(start).toEqual([
      ['node', '/app/dist/cli/bin.js'],
      ['run', '/etc/engram/pipeline.json'],
    ]);
    const [major] = /node:(\d+)/.exec(of('FROM')[1])?.slice(1) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(20);
  });

  test('copies only what is there, and all that the program is built of', () => {
    const copied = of('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
    const built = [...read('scripts/build.mjs').matchAll(/'([a-z]+(?:\.ts)?)'(?=[,\]])/g)].map(([, name]) => name);
    const needed = [
      ...built.filter((name) => name !== 'dist' && existsSync(join(root, name))),
      'tsconfig.json',
      'tsconfig.build.json',
    ];
    expect(needed).toContain('pipelines');
    expect(copied).toEqual(
      expect.arrayContaining([...needed, 'scripts', 'package.json', 'package-lock.json', '.npmrc']),
    );
    const ignore = read('deploy/Dockerfile.dockerignore').split('\n');
    expect(ignore).toEqual(expect.arrayContaining(['*', ...copied.map((path) => `!${path}`)]));
  });

  test('looks after the health of what it runs, at a path and port the program answers on', async () => {
    const [check] = of('HEALTHCHECK');
    const { host, pathname } = new URL(/fetch\('([^']+)'\)/.exec(check)?.[1] ?? '');
    expect([host, of('EXPOSE')]).toEqual(['127.0.0.1:9090', ['9090']]);
    expect(await statusOf([pathname, '/nothing'])).toEqual([200, 404]);
  });

  test('a line that is no instruction, or a quote that is not closed, is found', () => {
    expect(() => instructionsOf('FROM a\nCOPI b c\n')).toThrow(/line 2: COPI/);
    expect(() => instructionsOf('FROM a\nCMD ["a", b]\n')).toThrow(/line 2/);
    expect(() => instructionsOf('RUN a\n')).toThrow(/FROM/);
    expect(() => instructionsOf('FROM a\nRUN a \\\n')).toThrow(/ends in a line that goes on/);
  });
});

const pythons = [process.env.ENGRAM_PYTHON, join(root, '.cache/venv/bin/python'), 'python3'].filter(
  (name) => name !== undefined,
);
const python = pythons.find((name) => spawnSync(name, ['-c', 'import yaml']).status === 0);
const advice = 'no Python with PyYAML: .cache/venv/bin/pip install pyyaml, or name one in ENGRAM_PYTHON';

test('a YAML parser is there where tests must not be skipped', () => {
  if (!python) console.warn(`NOT TESTED: the manifests for Kubernetes. ${advice}`);
  if (process.env.CI === 'true') expect(python, advice).toBeDefined();
});

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at by their paths
type Manifest = any;

describe.skipIf(!python)('the manifests for Kubernetes', () => {
  const folder = join(root, 'deploy/kubernetes');
  const all = new Map<string, Manifest>();
  let run: KafkaRunOptions;
  let pod: Manifest;
  let container: Manifest;

  beforeAll(async () => {
    const files = readdirSync(folder).map((name) => join(folder, name));
    const script = fileURLToPath(new URL('read_yaml.py', import.meta.url));
    const { stdout, stderr } = spawnSync(python as string, [script, ...files], { encoding: 'utf8' });
    expect(stderr).toBe('');
    for (const one of Object.values(JSON.parse(stdout) as Record<string, Manifest[]>).flat()) all.set(one.kind, one);
    run = await parseKafkaRun(JSON.parse(all.get('ConfigMap').data['pipeline.json']), 'pipeline.json');
    pod = all.get('Deployment').spec.template.spec;
    [container] = pod.containers;
  });

  test('are of known kinds, named, and carry the labels they are chosen by', () => {
    const versions = Object.fromEntries([...all.values()].map(({ kind, apiVersion }) => [kind, apiVersion]));
    expect(versions).toEqual({
      ...{ ConfigMap: 'v1', Deployment: 'apps/v1', PodDisruptionBudget: 'policy/v1' },
      ...{ ScaledObject: 'keda.sh/v1alpha1', TriggerAuthentication: 'keda.sh/v1alpha1' },
    });
    const labels = all.get('Deployment').spec.template.metadata.labels;
    for (const { metadata, kind } of all.values()) {
      expect([kind, metadata.labels]).toEqual([kind, labels]);
      expect(metadata.name).toMatch(/^[a-z0-9-]+$/);
    }
    for (const kind of ['Deployment', 'PodDisruptionBudget']) {
      expect(all.get(kind).spec.selector.matchLabels).toEqual(labels);
    }
    expect(pod.topologySpreadConstraints[0].labelSelector.matchLabels).toEqual(labels);
  });

  test('start the program with a file it is given, a port it opens and paths it answers', async () => {
    const [command, file] = container.args;
    const mount = container.volumeMounts.find(({ mountPath }: Manifest) => file.startsWith(`${mountPath}/`));
    const volume = pod.volumes.find(({ name }: Manifest) => name === mount.name);
    expect([command, volume.configMap.name]).toEqual(['run', all.get('ConfigMap').metadata.name]);
    expect(all.get('ConfigMap').data).toHaveProperty([file.slice(mount.mountPath.length + 1)]);
    const [port] = container.ports;
    const { annotations } = all.get('Deployment').spec.template.metadata;
    expect([port.containerPort, Number(annotations['prometheus.io/port'])]).toEqual([run.http?.port, run.http?.port]);
    const probes = [container.livenessProbe.httpGet, container.readinessProbe.httpGet];
    expect(probes.map((probe) => probe.port)).toEqual([port.name, port.name]);
    const paths = [...probes.map(({ path }) => path), annotations['prometheus.io/path']];
    expect(await statusOf(paths)).toEqual([200, 200, 200]);
    expect(paths).toEqual(['/healthz', '/readyz', '/metrics']);
    // The image is the one of this release.
    expect(container.image).toBe(`engram:${JSON.parse(read('package.json')).version}`);
  });

  test('keep secrets out of the files: what the program reads from the environment comes from a Secret', () => {
    const text = all.get('ConfigMap').data['pipeline.json'];
    const wanted = [...text.matchAll(/"env":\s*"(\w+)"/g)].map(([, name]) => name);
    expect(container.env.map(({ name }: Manifest) => name)).toEqual(wanted);
    for (const { value, valueFrom } of container.env) {
      expect([value, typeof valueFrom.secretKeyRef.key]).toEqual([undefined, 'string']);
    }
    // Files of the configuration lie in what is mounted.
    const { ca } = run.kafka.tls as { ca: string };
    const tls = container.volumeMounts.find(({ mountPath }: Manifest) => ca.startsWith(`${mountPath}/`));
    const { items } = pod.volumes.find(({ name }: Manifest) => name === tls.name).secret;
    expect(items.map(({ path }: Manifest) => `${tls.mountPath}/${path}`)).toContain(ca);
    // The keys that are used are the ones the comment says to make.
    const made = [...read('deploy/kubernetes/deployment.yaml').matchAll(/--from-(?:literal|file)=([\w.]+)=/g)];
    const used = all.get('TriggerAuthentication').spec.secretTargetRef.map(({ key }: Manifest) => key);
    expect(new Set([...used, ...container.env.map(({ valueFrom }: Manifest) => valueFrom.secretKeyRef.key)])).toEqual(
      new Set(made.map(([, key]) => key)),
    );
  });

  test('run without rights, with room for the state, and with time to leave', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(30);
    expect(container.resources.limits.memory).toBe('3Gi');
    // Nothing is written to the disk: state lies in a topic, and a Deployment may move it.
    expect(run.state).toHaveProperty('topic');
  });

  test('are scaled by the lag of the group and the topic that are read', () => {
    const { spec } = all.get('ScaledObject');
    const [{ type, metadata }] = spec.triggers;
    expect(spec.scaleTargetRef.name).toBe(all.get('Deployment').metadata.name);
    expect([type, metadata.bootstrapServers, metadata.consumerGroup, metadata.topic]).toEqual([
      ...['kafka', run.kafka.brokers.join(','), run.groupId, run.input],
    ]);
    // KEDA takes text only.
    for (const value of Object.values(metadata)) expect(value).toBeTypeOf('string');
    expect(spec.triggers[0].authenticationRef.name).toBe(all.get('TriggerAuthentication').metadata.name);
    expect(spec.minReplicaCount).toBeGreaterThan(0);
  });

  test('a key that stands twice is refused', () => {
    const script = fileURLToPath(new URL('read_yaml.py', import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), 'engram-yaml-'));
    const file = join(folder, 'twice.yaml');
    writeFileSync(file, 'a: 1\na: 2\n');
    const twice = spawnSync(python as string, [script, file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect([twice.status, twice.stderr.includes("the key 'a' twice")]).toEqual([1, true]);
  });
});

test('the dashboard shows figures that are exported, and all that say something is wrong', () => {
  const dashboard = JSON.parse(read('deploy/grafana.json')) as {
    panels: { title: string; gridPos: object; targets: { expr: string }[] }[];
  };
  const text = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
  const shown = new Set([...text.matchAll(/engram_\w+/g)].map(([name]) => name.replace(/_bucket$/, '')));
  for (const name of shown) expect(kafkaFigures).toHaveProperty(name);
  expect(Object.keys(kafkaFigures).filter((name) => !shown.has(name))).toEqual([]);
  expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
});
