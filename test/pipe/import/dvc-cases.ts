/** Projects of DVC, each with the graph that DVC has for it, written down by hand. Long because it is a list of cases. */
export interface DvcCase {
  readonly files: Readonly<Record<string, string>>;
  /** Cells as they are called here. */
  readonly cells: readonly string[];
  /** `reader <- producer`. */
  readonly edges: readonly string[];
  /** What DVC tracks, by cell; cells that are not named have none. */
  readonly params?: Readonly<Record<string, unknown>>;
  /** What must be among the things not taken over. */
  readonly notes?: readonly RegExp[];
  /** What must stand in the pipeline file. */
  readonly says?: readonly RegExp[];
  /** File in the project → its content after a run. Left out: it is only planned. */
  readonly made?: Readonly<Record<string, string>>;
}

export const dvcCases: Readonly<Record<string, DvcCase>> = {
  'a chain with params, paths in the command': {
    files: {
      'params.yaml': 'prepare: {seed: 7, split: 0.2}\ntrain: {lr: 0.1, epochs: 3}\n',
      'raw.txt': 'raw\n',
      'dvc.yaml': `stages:
  prepare:
    desc: Cuts the raw data.
    cmd: mkdir -p data/prepared && cat raw.txt > data/prepared/a.txt
    deps: [raw.txt]
    params: [prepare.seed]
    outs: [data/prepared]
  train:
    cmd: cat ./data/prepared/a.txt > model.txt
    deps:
      - data/prepared
    params: [train]
    outs:
      - model.txt
`,
    },
    cells: ['prepare', 'train'],
    edges: ['train <- prepare'],
    params: { prepare: { prepare: { seed: 7 } }, train: { train: { lr: 0.1, epochs: 3 } } },
    made: { 'model.txt': 'raw\n', 'data/prepared/a.txt': 'raw\n' },
  },
  'a script that writes where it likes': {
    files: {
      'make.sh': 'cat one.txt > two.txt; echo more >> two.txt\n',
      'dvc.yaml': `stages:
  one:
    cmd: echo 1 > one.txt
    outs: [one.txt]
  two:
    cmd: sh make.sh
    deps: [make.sh, one.txt]
    outs: [two.txt]
`,
    },
    cells: ['one', 'two'],
    edges: ['two <- one'],
    notes: [
      /stages\.two\.outs: the command does not name two\.txt/,
      /stages\.two\.deps: the command does not name/,
    ],
    made: { 'two.txt': '1\nmore\n' },
  },
  'foreach over a list, aligned and gathered': {
    files: {
      'dvc.yaml': `stages:
  build:
    foreach: [us, uk]
    do:
      cmd: echo '\${item}' > out-\${item}.txt
      outs: ["out-\${item}.txt"]
  score:
    foreach: [us, uk]
    do:
      cmd: wc -l < out-\${item}.txt > score-\${item}.txt
      deps: ["out-\${item}.txt"]
      outs: ["score-\${item}.txt"]
  all:
    cmd: cat score-us.txt score-uk.txt > all.txt
    deps: [score-us.txt, score-uk.txt]
    outs: [all.txt]
`,
    },
    cells: ['build[us]', 'build[uk]', 'score[us]', 'score[uk]', 'all'],
    edges: ['score[us] <- build[us]', 'score[uk] <- build[uk]', 'all <- score[us]', 'all <- score[uk]'],
    made: { 'out-uk.txt': 'uk\n', 'all.txt': '1\n1\n' },
  },
  'foreach where each reads the one after it: axes of the same values, and no cell of its own': {
    files: {
      'dvc.yaml': `stages:
  make:
    foreach: [a, b]
    do:
      cmd: echo \${item} > made-\${item}.txt
      outs: ["made-\${item}.txt"]
  read:
    foreach:
      a: {from: b}
      b: {from: a}
    do:
      cmd: cat made-\${item.from}.txt > read-\${key}.txt
      deps: ["made-\${item.from}.txt"]
      outs: ["read-\${key}.txt"]
  swap:
    matrix:
      x: [a, b]
      y: [a, b]
    cmd: cat made-\${item.y}.txt > swap-\${item.x}-\${item.y}.txt
    deps: ["made-\${item.y}.txt"]
    outs: ["swap-\${item.x}-\${item.y}.txt"]
`,
    },
    cells: [...['make-a', 'make-b', 'read-a', 'read-b', 'swap-a-a', 'swap-a-b', 'swap-b-a', 'swap-b-b']],
    edges: [
      ...['read-a <- make-b', 'read-b <- make-a', 'swap-a-a <- make-a', 'swap-a-b <- make-b'],
      ...['swap-b-a <- make-a', 'swap-b-b <- make-b'],
    ],
    made: { 'read-a.txt': 'b\n', 'read-b.txt': 'a\n', 'swap-a-b.txt': 'b\n' },
  },
  'foreach over a map of params.yaml, with key and fields': {
    files: {
      'params.yaml': 'models:\n  small: {width: 4, note: "two words"}\n  large: {width: 16, note: plain}\n',
      'dvc.yaml': `stages:
  train:
    foreach: \${models}
    do:
      cmd: echo \${key} \${item.width} "\${item.note}" > models/\${key}.txt
      params: ["models.\${key}.width"]
      outs: ["models/\${key}.txt"]
  best:
    cmd: cat models/large.txt > best.txt
    deps: [models/large.txt]
    outs: [best.txt]
`,
    },
    // Only one of the cells is read: a matrix cannot say which.
    cells: ['train-small', 'train-large', 'best'],
    edges: ['best <- train-large'],
    params: {
      'train-small': { models: { small: { width: 4 } } },
      'train-large': { models: { large: { width: 16 } } },
    },
    notes: [/stages\.train: is 2 stages here/],
    made: { 'best.txt': 'large 16 plain\n', 'models/small.txt': 'small 4 two words\n' },
  },
  'matrix of two axes, and a folder that holds every out': {
    files: {
      'dvc.yaml': `stages:
  run:
    matrix:
      opt: [sgd, adam]
      seed: [1, 2]
    cmd: echo \${item.opt} \${item.seed} > runs/\${item.opt}-\${item.seed}.txt
    outs: ["runs/\${item.opt}-\${item.seed}.txt"]
  all:
    cmd: cat runs/*.txt > all.txt
    deps: [runs]
    outs: [all.txt]
`,
    },
    cells: ['run[sgd,1]', 'run[sgd,2]', 'run[adam,1]', 'run[adam,2]', 'all'],
    edges: ['all <- run[sgd,1]', 'all <- run[sgd,2]', 'all <- run[adam,1]', 'all <- run[adam,2]'],
    made: { 'all.txt': 'adam 1\nadam 2\nsgd 1\nsgd 2\n' },
  },
  'vars, templates, maps as flags': {
    files: {
      'more.yaml': 'extra: {name: "a; b", flag: true, off: false, list: [1, 2], deep: {x: 3}}\nunused: 1\n',
      'params.yaml': 'word: hello\n',
      'dvc.yaml': `vars:
  - more.yaml
  - folder: out
stages:
  say:
    vars:
      - times: 2
    cmd: echo \${word} \${times} \\\${HOME:-x} \${extra} > \${folder}/said.txt
    outs: ["\${folder}/said.txt"]
`,
    },
    cells: ['say'],
    edges: [],
    made: { 'out/said.txt': `hello 2 x --name a; b --flag --list 1 2 --deep.x 3\n` },
  },
  'wdir and commands as a list': {
    files: {
      'sub/in.txt': 'in\n',
      'sub/params.yaml': 'n: 1\n',
      'dvc.yaml': `stages:
  first:
    wdir: sub
    cmd:
      - cat in.txt > first.txt
      - echo second line >> first.txt
    deps: [in.txt]
    params: [n]
    outs: [first.txt]
  second:
    wdir: sub
    cmd: cat "first.txt" ../sub/in.txt > ../second.txt
    deps: [first.txt]
    outs: [../second.txt]
`,
    },
    cells: ['first', 'second'],
    edges: ['second <- first'],
    params: { first: { params: { n: 1 } } },
    made: { 'sub/first.txt': 'in\nsecond line\n', 'second.txt': 'in\nsecond line\nin\n' },
  },
  'metrics, plots, cache: false, persist and descriptions': {
    files: {
      'dvc.yaml': `stages:
  evaluate:
    desc: Measures.
    cmd: echo '{"acc":1}' > metrics.json; echo 'x,y' > roc.csv; echo log > log.txt; echo m > scores.yaml
    outs:
      - log.txt:
          persist: true
          desc: what happened
    metrics:
      - metrics.json:
          cache: false
      - scores.yaml
    plots:
      - roc.csv:
          x: x
          y: y
    meta: {team: a}
plots:
  - roc.csv
artifacts:
  m: {path: log.txt}
`,
    },
    cells: ['evaluate'],
    edges: [],
    notes: [
      /dvc\.yaml:5: .*log\.txt, persist: true/,
      /log\.txt, desc: only stages/,
      /metrics\.json, cache: false/,
      /scores\.yaml: the report shows metrics of JSON/,
      /plots: roc\.csv: a figure/,
      /meta: has no counterpart/,
      /dvc\.yaml:\d+: plots: a figure/,
      /artifacts: there is no registry/,
    ],
    made: { 'metrics.json': '{"acc":1}\n', 'log.txt': 'log\n' },
  },
  'frozen and always_changed': {
    files: {
      'dvc.yaml': `stages:
  old:
    cmd: echo old > old.txt
    outs: [old.txt]
    frozen: true
  now:
    cmd: date > now.txt
    outs: [now.txt]
    always_changed: true
`,
    },
    cells: ['old', 'now'],
    edges: [],
    notes: [/frozen: what it made is to lie in cache\/cells\/old/],
    says: [
      / {2}old:\n(?: {4}.*\n)*? {4}frozen: frozen in dvc\.yaml\n/,
      / {2}now:\n(?: {4}.*\n)*? {4}always: true\n/,
    ],
  },
  'several params files, tracked whole and by key': {
    files: {
      'params.yaml': 'a: 1\nb: {c: 2, d: 3}\n',
      'other.json': '{"x": 1, "y": [1, 2]}',
      'conf.toml': 'z = 1\n',
      'dvc.yaml': `stages:
  s:
    cmd: cat params.yaml other.json conf.toml > s.txt
    params:
      - a
      - b.c
      - other.json:
          - x
      - conf.toml:
          - z
    outs: [s.txt]
  whole:
    cmd: cat other.json > whole.txt
    params:
      - other.json:
    outs: [whole.txt]
`,
    },
    cells: ['s', 'whole'],
    edges: [],
    params: { s: { a: 1, b: { c: 2 }, other: { x: 1 } }, whole: { other: { x: 1, y: [1, 2] } } },
    notes: [/conf\.toml, z: only YAML and JSON are read here; the whole file is a dep/],
    made: { 'whole.txt': '{"x": 1, "y": [1, 2]}' },
  },
  'data from outside, and addresses': {
    files: {
      'dvc.yaml': `stages:
  a:
    cmd: cat \${where}/hosts > a.txt
    deps: [/etc/hosts, "s3://bucket/x"]
    outs: [a.txt]
vars:
  - where: /etc
`,
    },
    cells: ['a'],
    edges: [],
    notes: [/s3:\/\/bucket\/x is an address/],
  },
};
