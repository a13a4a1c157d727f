/** docs/reference/pipeline-yaml.md: the prose here, the tables of keys out of the schema. */
import { jsonSchemaText } from '../../../src/pipe/config/schema.ts';
import { type Schema, schemaTable } from './schema-table.ts';

export function pipelinePage(): string {
  const schema: Schema = JSON.parse(jsonSchemaText());
  const entry = (section: string): Schema => objectIn(schema.properties?.[section]?.additionalProperties);
  const stage = entry('stages');
  const inStage = (key: string): Schema => objectIn(stage.properties?.[key]);
  const entryOfStage = (key: string): Schema => objectIn(stage.properties?.[key]?.additionalProperties);
  return page
    .replace('{{top}}', schemaTable(schema))
    .replace('{{profile}}', schemaTable(entry('profiles')))
    .replace('{{source}}', schemaTable(entry('sources')))
    .replace('{{stage}}', schemaTable(stage))
    .replace('{{matrix}}', schemaTable(inStage('matrix')))
    .replace('{{out}}', schemaTable(entryOfStage('outs')))
    .replace('{{env}}', schemaTable(inStage('env')))
    .replace('{{slurm}}', schemaTable(ofKind(schema, 'slurm')))
    .replace('{{queue}}', schemaTable(ofKind(schema, 'command')))
    .replace(
      '{{of-stage}}',
      schemaTable(objectIn(ofKind(schema, 'slurm').properties?.stages?.additionalProperties)),
    );
}

/** An executor's alternative of that kind. */
function ofKind(schema: Schema, kind: string): Schema {
  const entry = schema.properties?.executors?.additionalProperties;
  const found =
    typeof entry === 'object' ? entry.anyOf?.find((one) => one.properties?.kind?.const === kind) : undefined;
  if (!found) throw new Error(`the schema has no executor of kind ${kind}`);
  return found;
}

/** The map of fixed keys in a schema or among its alternatives. */
function objectIn(schema: Schema | boolean | undefined): Schema {
  if (typeof schema !== 'object') throw new Error('the schema has no such map');
  const found = [schema, ...(schema.anyOf ?? [])].find((one) => one.properties !== undefined);
  if (!found) throw new Error('the schema has no map of fixed keys here');
  return found;
}

const page = `# pipeline.yaml

<!-- Made from the schema by \`npm run docs\`. -->

A pipeline is stages that read deps and write outs. \`pipe\` plans them into cells (a stage times its axes), runs what is not
up to date, and keeps what was made. Put this on the first line for completion and checks in your editor:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/pipe-experiments/schema/pipeline.schema.json
version: 1
params: {train: {epochs: 250, lr: 0.025}}
axes:
  variant: {baseline: {}, no-zero: {mask: [zero]}}
  seed: [0, 1, 2]
sources:
  images: {paths: [../data/images], url: "https://example.org/images.tar.gz", sha256: "…", unpack: tar.gz}
stages:
  train:
    run: stages/train.ts
    matrix: [variant, seed]
    deps: {images: source.images}
    params: {train: "\${params.train}", variant: "\${variant}", seed: "\${seed}"}
    outs: {weights: weights.bin}
  compare:
    cmd: python3 compare.py --out \${outs.table} \${deps.weights}
    deps: {weights: train.weights, script: ./compare.py}   # gathers every variant and seed
    outs: {table: {path: table.json, place: results/table.json, report: table}}
\`\`\`

\`*\` marks a key that must be there. Keys that do not exist are mistakes, never ignored.

## The file

{{top}}

## Params, profiles and --set

\`params\` are values that stages refer to. A profile changes them by a deep merge, and its \`axes\` pick or replace values;
\`--set train.epochs=10\` and \`--set axes.seed=[0,1]\` come last, their value is read as YAML. Only what is declared can be
changed, so that a typo is a mistake and not a new param; below a map that is explicitly empty (\`extra: {}\`) everything can
be set.

A param that is given with \`--set\` keeps the type of its default: \`--set train.epochs=six\` over a number is a mistake, and text
stays text however it reads (\`--set name=2024\`). What a default cannot say, a JSON Schema of \`params\` can; defaults,
profiles and \`--set\` are all held to it, and what it describes need not be of its default's type:

\`\`\`yaml
params: {train: {epochs: 10, mode: fast}}
paramsSchema:
  properties:
    train:
      properties:
        epochs: {type: integer, minimum: 1}
        mode: {enum: [fast, slow]}
\`\`\`

{{profile}}

In a profile, a list for an axis keeps those of its values, in that order; where the axis is itself a plain list, other
values may be given too. A map replaces the axis.

## Axes and the matrix

An axis is a list of plain values or a map of named ones. A stage with \`matrix: [variant, seed]\` has a cell for each
combination: \`train[no-zero,3]\`. Ids are made of values, never of positions, so reordering an axis reruns nothing.

{{matrix}}

First \`only\`, then \`exclude\`, then \`include\`, which brings combinations back. A pattern is a map of axes to a name or a list
of names; an axis it does not name is left open. Names that a profile took out of an axis match nothing; names that no axis
ever had are mistakes.

A dep on a stage with the same axis is aligned cell by cell, whatever the order of the axes. An axis that the reader lacks is
gathered: the stage gets a list in stable order, each item with its axis values. \`gather: {dep: {min: {seed: 3}}}\` lets the
stage go on when three seeds have succeeded; the report says how many there were.

## References

\`\${params.a.b}\` is a param, \`\${axis}\` the cell's value of an axis. Text that is exactly one reference takes on the value's
own type, so \`"\${params.train}"\` can be a map; inside other text a value is written as text (a map as JSON, a named axis value
that is a map or a list as its name). \`$\${\` is a literal \`\${\`. References may stand in \`run\`, \`cmd\`, \`when\`, \`deps\`,
\`params\`, \`outs\`, \`resources\`, \`env\` and \`tools\`. What a
command makes of them is below. \`\${axis.field}\` is a field of a named value; every value of the axis must have it.

In \`params\`, \`env\` and \`cmd\` a stage can also ask for what the engine knows of it: \`\${cell}\`, \`\${stage}\`,
\`\${resources.cpu}\` (any of its resources, as declared). What it asks for is in its key; what it does not ask for does
not reach it.

## How outs are put in place

What a stage made is kept in the cache's store, and put from there where people look at it: into \`cache/cells/CELL\`, and at
\`place\`. \`link\`, at the top for all outs or in one of them, says how. It is no part of the key: it holds from the next time
that the out is put in place. Stages read from the store itself, whatever it says.

| \`link\` | an out in place is | disk | can it be edited? |
|---|---|---|---|
| \`auto\` | a copy that shares its content with the store where the file system can do that; otherwise a hard link from 1 MiB, a copy below | once | a copy yes; a hard link is read-only |
| \`copy\` | a copy | twice, unless the file system shares content | yes |
| \`hardlink\` | hard links to the store's files | once | no: they are read-only |
| \`symlink\` | one relative link into \`cache/views\` | once | no: it is read-only, and gone when the cache is |

Where a hard link is not possible (another disk, a file that may be executed) there is a copy. Whoever writes through a link all
the same (as root, or after \`chmod\`) is found out: an object is checked before it is used, and one that is not what its name says
is never put anywhere. What you edit in place, or add, is kept when the out is put back, and the run says where.

## Commands

A \`cmd\` is read by \`bash -euo pipefail\`: a command that fails ends the stage, in the middle of a script and of a pipe too,
and so does a variable that is not set. Where there is no bash it is \`sh -eu\`, reported once per run. \`shell\` at the top or in
a stage chooses another shell, with its flags: \`shell: sh\` goes on after a failure, \`shell: bash -eu\` and
\`shell: zsh -e\` are possible too. Which shell it is, is part of the key.

Every \`\${…}\` reaches the shell as a variable, and the command as a quoted reference to it. So each is one word,
whatever is in it: a space, a quote, a line end, \`$(…)\` or \`;\` in a file's name or in a param never become code.

| in a command | stands for |
|---|---|
| \`\${deps.x}\` | the path; of a gathered dep all its paths, each a word |
| \`\${deps.x.list}\` | the path of a file with the dep's paths, one per line: for more than a command line has room for; \`@\${deps.x.list}\` where a program reads \`@file\` |
| \`\${outs.x}\` | the path to write |
| \`\${checkpoint}\` | the checkpoint folder |
| \`\${params.x}\`, \`\${axis}\`, \`\${axis.field}\` | the value: text as it is, anything else as JSON |
| \`\${raw:params.x}\`, \`\${raw:axis}\` | the value as shell text: several words, or code |

They may stand outside quotes, inside double quotes, in \`$(…)\` anywhere, and in here-documents. Where the shell fills
nothing in or would take the quotes away (single quotes, comments, backticks, a here-document with a quoted delimiter, the
shell's own \`\${…}\`), they are refused before anything runs; where it calculates (\`$((…))\`, \`((…))\`, \`[[ a -lt b ]]\`)
only a number may stand. What a program makes of a word that it is given (\`eval\`, \`sh -c\`) is up to the command.

Paths in the project are relative to it, the working directory; one that begins with a dash gets a \`./\`. A program that
wants more than words reads [the job file](job-file.md), whose path is in \`PIPE_JOB\`. A command that neither mentions an out nor \`PIPE_JOB\` draws a
warning.

## Warm processes

Cells of a \`run\` in TypeScript or JavaScript share a process, one after another, when its code imports nothing but Node's own plain
modules: a short cell then costs milliseconds instead of the start of Node. Each sees what it would see in a process of its own, or
gets one. \`warm: false\` gives every cell of a stage its own; \`warm: true\` shares one although packages are imported. It is
no part of the key. What is compared between two cells is in [warm processes](../explanation/warm.md).

## Deps and paths

A dep is a reference when what stands before its first dot is \`source\` or the name of a stage: \`train.weights\`,
\`source.images\`. Everything else is a path inside the project; \`./train.csv\` is a path even when a stage is called train.
Files and folders alike are deps by their content. Paths are relative, written with \`/\`, and cannot leave the project: data
from outside is a source.

## Executors

Cells run on this machine, which is the executor \`local\`, or as jobs of a queue that \`executors\` describes. Where a cell
goes: \`--executor STAGE=NAME\`, else the stage's \`executor\`, else \`--executor NAME\`, else the profile's \`executor\`, else
\`local\`. It is no part of the key: what was made in one place is up to date in every other. What happens to jobs is in
[Executors](../explanation/executors.md).

\`\`\`yaml
executors:
  lab:
    kind: slurm
    partition: gpu
    time: 4h
    pack: 20
    setup: [module load cuda]
    stages: {train: {time: 12h, memory: 32GiB, pack: 1}}
\`\`\`

A queue of \`kind: slurm\`:

{{slurm}}

Any other queue, of \`kind: command\`. In \`submit\` stand \`{script}\`, \`{name}\`, \`{output}\`, \`{cpus}\`, \`{gpus}\`,
\`{memory_mb}\` and \`{seconds}\`, in \`cancel\` \`{id}\`; each is one word for the shell:

{{queue}}

What a stage asks for there, under \`stages\`:

{{of-stage}}

\`setup\`, \`wrap\`, \`extra\` and the commands of a queue are text that you run as yourself, like a \`cmd\`.

## Sources

{{source}}

The first candidate that exists is used and checked; with none, the \`url\` is downloaded once, with resume, and checked.
A folder without any file is passed over as if it were not there.

## Stages

{{stage}}

\`when\` takes a stage out of the graph; reading from it is then a mistake. \`checkpoint\` gives the stage a folder that
survives an interruption and is shared by runs that differ only in the excluded params, so \`excluding: [train.epochs]\` lets
training go on from 100 epochs to 200.

### Outs

{{out}}

Every cell writes into a folder of its own; two cells can use the same path. A \`place\` is in the project, so under a matrix it
must hold the axes: \`place: results/\${variant}-\${seed}.json\`. What each \`report\` mark expects is in
[report marks](report-marks.md).

### Environment

{{env}}

Stages see \`PATH\` and \`TMPDIR\` of the caller, \`LANG=C.UTF-8\`, \`TZ=UTC\`, what the engine sets (\`PIPE_JOB\`,
\`CUDA_VISIBLE_DEVICES\`) and what is named here, nothing else. \`PATH\` is not in the key: name the programs that matter under
\`tools\`, or fix it with \`set\`. \`HOME\`, \`USER\`, \`LOGNAME\` and \`SHELL\` are the caller's own and reach a stage that names
them; pip, torch and others ask the system for the home folder when the variable is not set, so their caches stay. The
short form \`env: {A: b}\` is \`env: {set: {A: b}}\`.

### Resources

\`resources: {cpu: 2, gpu: 1, memory: 4GiB, licence: 1}\`: what the stage holds while it runs. One core is taken when nothing is
said. Memory is bytes or a number with \`KiB\`, \`MiB\`, \`GiB\`, \`TiB\` (or \`KB\`, \`MB\`, \`GB\`, \`TB\`). Other names are defined
at the top of the file: \`resources: {licence: 2}\`.
`;
