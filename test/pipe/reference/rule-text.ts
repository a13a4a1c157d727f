/** What each rule of the pipeline file wants, for its reference page. */
export const ruleText: Readonly<Record<string, string>> = {
  'yaml-syntax': 'The file must be YAML 1.2, one document.',
  'empty-file': 'The file must hold something.',
  'too-large':
    'A file has at most 4,000,000 characters and stands for at most 500,000 values once aliases are followed.',
  'too-deep': 'Nesting ends at 100 levels.',
  'duplicate-key': 'A key stands once in its map.',
  'bad-alias': 'An alias refers to an anchor above it, never to something that holds it.',
  'bad-number': 'Numbers must survive: no infinity, no integer beyond ±2^53 without quotes.',
  'unknown-key': 'Every key is one that the format has. A typo would otherwise be silently ignored.',
  'missing-key': 'What is needed must be there.',
  'wrong-type': 'A value has the type its key wants.',
  'wrong-value': 'A value is one that its key can take.',
  'bad-name':
    'Names of stages, axes, sources and outs are a letter followed by letters, digits, `-` and `_`. Some have a meaning of their own.',
  'bad-remote':
    'The remote of `cache` is a folder, `https://…`, `http://…` or `s3://…`, and holds no password.',
  'run-or-cmd': 'A stage has either a module (`run`) or a command (`cmd`).',
  'not-python': '`python` and `code` belong to stages in Python, and `code` to commands.',
  'not-warm': '`warm` belongs to stages in TypeScript or JavaScript.',
  'unknown-dep': 'A dep names an out of a stage, a source, or a file.',
  'absent-dep': 'A stage that `when` leaves out cannot be read.',
  cycle: 'No stage waits for itself, directly or by way of others.',
  'duplicate-out': 'No two outs share a path or a place, and none lies inside another.',
  'place-over-input': 'An out is never placed over something that is read.',
  'dep-on-place': 'What a stage makes is named as its out, so that the reader waits for it.',
  'bad-schema': '`paramsSchema` is a JSON Schema that is understood: no `if`, no reference to another file.',
  'unknown-axis': 'A matrix, a pattern or a profile names axes that exist.',
  'unknown-value':
    'A pattern or a profile names values that an axis has, or had before a profile changed it.',
  'matrix-include': 'An included combination names a value of every axis.',
  'empty-axis': 'An axis has at least one value.',
  'empty-matrix': '`only` and `exclude` leave at least one cell.',
  'duplicate-value': 'A name stands once.',
  'missing-cell': 'The cell that a dep is aligned with must exist.',
  'cell-collision':
    'Two cells must not differ in case only: their folders would be one on some file systems.',
  'too-many-cells':
    'At most 1,000,000 combinations per stage are looked at, and 200,000 cells per pipeline are planned.',
  'bad-interpolation':
    '`${…}` refers to a param, an axis of the stage’s matrix, in a command also to a dep or an out.',
  'shell-context':
    'In a command, `${…}` stands where the shell can fill it in as one word: not in single quotes, comments, backticks or here-documents with a quoted delimiter, and where it calculates only a number.',
  'gather-dep': '`gather` names deps of its stage.',
  'gather-axis': '`min` names axes that the dep is gathered over.',
  'bad-path':
    'Paths are relative, stay inside the project or the cell’s folder, and name no device. Data from outside is a source.',
  'unknown-executor': 'A stage or a profile names `local` or one of `executors`.',
  'executor-kind': 'An executor is of `kind: slurm` or `kind: command`.',
  'executor-command':
    'The commands of a queue mention what they are about: `submit` its `{script}`, `cancel` the `{id}`; `id` is a regular expression.',
  'unknown-stage': 'What an executor says of stages names stages of the file.',
  'unknown-resource': 'A resource is `cpu`, `gpu`, `memory`, or one that the file defines.',
  'too-much': 'No stage asks for more than the file defines.',
  'reserved-variable': 'Variables that the engine sets cannot be set by a stage.',
  'unknown-param':
    '`--set`, profiles and `checkpoint` name params that are declared. Below a map that is explicitly empty, everything may be set.',
  'unknown-profile': 'A profile must exist.',
  'profile-cycle': 'Profiles do not extend each other in a cycle.',
  'empty-source': 'A source says where it can be found.',
  'missing-file': 'Modules and files that the pipeline names exist.',
  'bad-set': '`--set` takes PATH=VALUE.',
};
