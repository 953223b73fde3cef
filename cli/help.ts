import { benchmarks } from '../evaluation/catalog.js';
import { sequences } from '../evaluation/protocols/sequences.js';
import { type KafkaField, kafkaFields } from '../pipelines/kafka-fields.js';

const line = ({ path, about, words, preset }: KafkaField): string =>
  `  ${path.padEnd(26)} ${about}${words.length > 0 ? ` (${words.join(', ')})` : ''}${preset === undefined ? '' : ` [${preset}]`}`;

/** What the help of each command says below its options: examples first, then what a reader cannot guess. */
export const more = {
  engram: `
Examples:
  engram replay data/nyc_taxi.csv --report taxi.html
      What comes next, what was strange, and a page to look at.
  engram replay sensors.parquet --key machine --values temp,pressure --out forecasts.arrow --out anomalies.ndjson --state state
      Every machine a series of its own; stopped at any moment, the same command goes on where it was.
  engram pipelines sensor-anomaly > mine.json
      A pipeline to start your own from.
  engram <command> --help
      Everything about one command.

Exit codes: 0 done, 1 failed, 2 asked for wrongly, 130 stopped by Ctrl-C.`,

  replay: `
Examples:
  engram replay data/nyc_taxi.csv --time timestamp --values value --report taxi.html
  engram replay sensors.csv.gz --key machine --values temp,pressure --out forecasts.ndjson --out anomalies.ndjson --state state
  engram replay flow.parquet --pipeline traffic-forecast --horizons 3,6,12 --out forecasts.parquet
  zcat log.csv.gz | engram replay - --out - | jq -c 'select(.alarm)'
  engram replay sensors.csv --key machine --budget 1/key/7d --out anomalies.ndjson
  engram replay log.csv --speed 600x        (an hour passes in six seconds)
  engram replay 'kafka://127.0.0.1:9092/traffic?from=2024-05-01T00:00:00Z&to=2024-05-02T00:00:00Z' --run traffic.json \\
      --out kafka://127.0.0.1:9092/traffic.may.forecasts --out anomalies.ndjson --state state

Input: CSV (also ; or tab), NDJSON, Arrow and Parquet, by the ending of its name (.csv .tsv .txt .ndjson .jsonl .arrow
  .feather .parquet); .gz may follow those of text. "-" is standard input, CSV unless --format says otherwise.
  Without --time the column called timestamp, datetime, time or date is taken; without --values all numeric ones;
  without --key all rows are one series. An empty field, NaN, NA or null is a missing value, and is data as well.

A Kafka topic: kafka://host:port[,host:port]/topic?from=…&to=…, in quotes for the shell. from is the first record, to the one
  behind the last: earliest, latest, an offset, one for each partition (0:500,1:720), an RFC 3339 time (2024-05-01T00:00:00Z) or
  milliseconds since 1970 (13 digits); times are those of the records. Without them all there is, up to its end when the
  replay begins. All partitions are read, one after another, each as a shard of its own (TOPIC-PARTITION). No group commits.
  --run FILE takes cluster (TLS, login with secrets from the environment or files), decoding and pipeline from a file of
  engram run; --format (json csv avro protobuf json-schema cloudevents arrow), --values, --time, --time-format, --zone, --key and
  --pipeline go before it. No user and no password belongs into the address. Keys, values and ids are those of engram run, byte for
  byte; as in a run that never ends, the end of the range closes nothing: what waits there keeps waiting.

Rows that cannot be used are never dropped in silence: they go to the rejects, with file line, reason and text.
  Not a number, not a time, too few or too many fields, no JSON, cut off: rejected when read. Out of order beyond what
  the pipeline waits for, duplicates, times far off: rejected by its reorder step. Too many keys: rejected by the step
  that is full. A damaged file stops the run after its last whole row.

Output: one row per event, in the order of events, and after a crash and restart byte for byte the same.
  forecasts  {id, key, timeMs, offset, values, surprise, score, alarm, forecast: {horizons, levels, mean, quantiles}}
             mean is [channel][horizon], quantiles [channel][horizon][level]; in Arrow and Parquet one column each.
             score: share of normal rows at least as strange (0.001 is one in a thousand).
  anomalies  one row when an anomaly is over: id, key, start, end, peak, severity, score, channel, actual, expected,
             low, high, why. One still open when the log ends is told as it stands. With {"episode": {"report":
             "changes"}} also one when it begins and when it gets worse, with the same id. {"silence": {}} tells keys that
             say nothing, {"together": {}} when many keys move at once.
  rejects    {shard, offset, stage, reason, message, raw, line}
  shadow     forecasts of the side of a challenge that is not in charge
  The kind follows from the name of the file (anomalies…, rejects…, shadow…, or such a word in it: pump-anomalies.arrow; all else
  forecasts) or topic (….anomalies, ….dlq) or is put before it: anomalies:run1.ndjson. A topic takes every row once, in transactions, in the partition of its input (of a file: by
  key); how far it was written is kept in the group engram-replay-HASH of that cluster. The same replay again, after kill -9 or by
  mistake, with --state or without, writes only what is missing; --fresh writes all again. Read it with isolation.level=read_committed.

Alarms: --budget says how many false ones are all right, for every step detect of the pipeline. 1/key/7d: one a week for each key
  (s m h d w; by the times of its rows); 50/all/1d: fifty a day over all keys of a shard; 1/key/2000rows: one in 2,000 rows of each
  key, the default; fdr:0.1: one alarm in ten may be false, however many keys there are. Real anomalies come on top. A state that was
  begun with another budget is refused: --fresh begins again.

Alerts: --alerts takes the section alerts of a pipeline as a file or as JSON: {"rules": [{"name": "any", "severity": "warning"}],
  "sinks": {"archive": {"file": {"path": "alerts.ndjson"}}}}. Each is told once, also after a restart or a second replay of the log; what a
  receiver could not take waits in --state. --marks reads what operators said (engram alerts mark). See docs/ALERTS.md.

State: with --state a checkpoint is written as the log is read, three generations are kept, and Ctrl-C finishes the rows
  at hand and writes one more. The same command goes on there; --fresh begins again. engram inspect shows what is in it.
  Rows that were read before are passed over, in standard input too, so the log must come from its first row on. It may
  grow and be moved: append whole lines only. A different log (other columns, another first row) is refused.`,

  run: `
Examples:
  engram run traffic.json                   where traffic.json is
  {"kafka": {"brokers": ["127.0.0.1:9092"]}, "input": "traffic", "group": "engram-traffic",
   "decode": {"values": ["speed", "count"], "time": "at", "key": "lane"},
   "pipeline": "sensor-anomaly", "state": {"topic": "engram-state"}, "http": {"port": 9090}}

Writes <input>.forecasts, <input>.anomalies and <input>.dlq ("topics" names others; null leaves one out). Start it as often
  as there are partitions: they are shared out, with their memories, and move when a process comes, goes or dies.
  Records, results and the place in the log are committed together: nothing is lost, doubled or changed.

Fields, in brackets what is taken where one is left out. kafka.brokers, input, group, decode.values or decode.categories, pipeline
  and state.folder or state.topic must be there.
${kafkaFields().map(line).join('\n')}

Ctrl-C and SIGTERM finish the records at hand, save, and leave the group. /healthz, /readyz and /metrics answer at http.port.`,

  alerts: `
Examples:
  engram alerts preview data/nyc_taxi.csv --rule '{"name": "any", "severity": "warning"}' --from 2014-10-01 --report preview.html
  engram alerts preview anomalies.ndjson --rule rules.json
  engram alerts mark alerts.ndjson --id 5f0c… --verdict expected --marks marks.ndjson --state state
  engram alerts silence silences.json --match 'key=pump-*' --for 2h --comment "valve replaced"

engram alerts <command> --help has the options. docs/ALERTS.md has rules, sinks, silences and what is promised.`,

  preview: `
A rule: {"name", "match", "severity", "direction", "threshold": {"open", "close"}, "minDurationMs", "closeDurationMs",
  "minAbsolute", "minRelative", "coolDownMs", "severityHoldMs", "labels"}; all but the name may be left out, and at most 8 fit.
A log is read from its first row on, as the detector learns from it; --from and --to say which alerts count. The code is that of
  a live run. Of stored anomalies only start, end and worst are known, so severities count from the start.`,

  mark: `
The mark takes effect at its place in the log: in every replay the same. A run that has passed the place does not see it, so give
  --state for a run that goes on. For one that begins afresh it lies right behind an anomaly; an alert does not say at which row it
  ended, so for an alert give --at or --state.`,

  silence: `
A pattern may hold * and ?; several for one label stand in several --match. Times are event time.`,

  pretrain: `
Examples:
  engram pretrain data/nyc_taxi.csv --until 2014-12-01 --horizons 1,5 --out taxi.engram
  engram replay data/nyc_taxi.csv --memory lstm --weights taxi.engram --horizons 1,5
      Begins with weights that were fitted to the first months, and goes on learning from every event.

The net is that of "weights": "shared": one for all keys. The newest fifth of the rows is judged by and not learned from, and the
  weights that are best there are written, as an ordinary checkpoint (engram inspect shows it). They fit a pipeline with the same
  memory, horizons and number of channels; a state folder that was begun with them asks for the same file again.
TensorFlow.js runs on its native library where it was built (node scripts/tfjs-native.mjs; looked for in ENGRAM_PEERS, else
  .cache/peers), else on WebAssembly, else in plain JavaScript. Ctrl-C writes the best weights so far.`,

  pipelines: `
Examples:
  engram pipelines                          (what there is, step by step)
  engram pipelines sensor-anomaly > mine.json
  engram replay log.csv --pipeline mine.json

A pipeline is plain JSON: {"name": "mine", "stages": [{"normalize": {}}, {"remember": {"memory": "default", …}}, …]}.
  A wrong field is told with its path, what was expected, and the nearest name. A module (.js, .mjs; .ts from Node 22.18
  on) whose default export is a pipeline works too.`,

  compare: `
Examples:
  engram compare data/nyc_taxi.csv --memory lstm
  engram compare log.csv --key machine --champion mine.json --challenger other.json --json compared.json

Both learn from the same rows and are scored on the same values: CRPS and coverage per horizon, alarms, bytes of state
  per key, and µs of processor time per event (on the first 20,000 rows, each alone). The steps that both have in common at
  the start are run once; behind the last step of the comparison the champion's go on. Evidence is what a bettor who began
  with 1 has made of it that the challenger forecasts the next row better: 20 to 1 and more is chance once in 20 logs at most.

To run the challenger in the shadow of a pipeline at work, write both into one step of it:
  {"challenge": {"champion": {"name": …, "stages": […]}, "challenger": {"name": …, "stages": […]},
                 "swaps": [{"at": 250000, "to": "challenger"}]}}
  From the row at offset 250000 on the challenger is in charge; a later {"at": …, "to": "champion"} rolls back. "automatic":
  {"alpha": 0.001} swaps each series by itself when the evidence reaches 1000 to 1. replay --out shadow.ndjson writes
  what the other one says.`,

  inspect: `
Examples:
  engram inspect state                      (generations, steps, keys, bytes)
  engram inspect state --key machine-7      (all that is remembered of one series)
  engram inspect state --diff other-state   (what differs between two)

A checkpoint is Arrow: any Arrow reader opens it from byte 64 on.`,

  evaluate: `
Benchmarks:
${[...benchmarks, sequences].map(({ name, about }) => `  ${name.padEnd(15)} ${about}`).join('\n')}

Examples:
  engram evaluate nyc-taxi --data ../shared/data/nyc_taxi
  engram evaluate ett --data ../shared/data --memory default,resonator --json ett.json --out rows --leak-test
  engram evaluate synthetic --memory default,linear --head density
  engram evaluate all --data ../shared/data --json accuracy.json       (hours; --only and --memory make it in pieces)

Every protocol shows a memory only what had come before. Persistence, seasonal naive and least squares run beside it;
  outputs of known methods are scored by the same code, and a figure that is not the known one fails the command.
  all        every memory on every forecasting benchmark, five random starts where chance matters, with the bytes of
             its state and checkpoint per key. What --json has from before stays, unless it is made anew.
  --data     the folder of the benchmark's data, or the one that holds it; synthetic makes its own.
  --seeds    every start is a line of its own; rows of later starts go to <benchmark>-<memory>-<seed>.csv.
  --json     {benchmark, results: [{memory, seed, metrics, seconds, rows}], references: [{name, metrics, expected}]}.
             Metrics end with the steps they are about (mse_24: mean over steps 1 to 24; mape_960: first 960 rows);
             "ett" puts etth1_ and ettm1_ before them. coverage_80 is a share: 0.8 keeps the promise.
  --out      <benchmark>-<memory>.csv, so that another program can score it again, every number with all its digits:
             series,origin_row,horizon,channel,truth,prediction   in the units that are scored (ett: z-scores by train rows)
             series,row,timestamp,value,score,alarm               score from 0 to 1, higher is stranger: -log10(p) / 15
             Rows count from 0 after the header; several channels share the field "value", a space between them.
  --leak-test costs about four runs more.`,
} as const;
