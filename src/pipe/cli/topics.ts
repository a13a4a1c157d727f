/** What `pipe help TOPIC` says of things that are no verb: a screen each, and where the documentation says more. */

export interface Topic {
  readonly summary: string;
  readonly text: string;
  /** Below docs/. */
  readonly page: string;
}

export const topics: Readonly<Record<string, Topic>> = {
  targets: {
    summary: 'how cells are named on the command line',
    page: 'reference/commands.md',
    text: `A target is one of
  train              every cell of a stage
  train[small,3]     one cell: the values of its axes in the order of its matrix
  train[*,3]         * stands for any value
  seed=3             every cell whose axis has that value, of all stages
  +train             train, and all that it needs
  train+             train, and all that needs it
A shell takes brackets for a pattern: quote them, 'train[small,3]'.`,
  },
  stale: {
    summary: 'what makes a cell run again',
    page: 'explanation/stale.md',
    text: `A cell runs when its key is new: a digest of its code, the params it names, its axis values, the content of its deps, its env, its
tools and the paths of its outs. Times of files count for nothing. \`pipe why CELL\` names what changed, old and new value.`,
  },
  store: {
    summary: 'where results lie, and what may be deleted',
    page: 'explanation/publish.md',
    text: `cache/objects and cache/manifests hold every result that was ever made; cache/cells is where you look at them. \`pipe cache gc\`
removes what no profile, recent run, pinned or tagged run needs, and asks first. cache/index may be deleted at any time.`,
  },
  history: {
    summary: 'the history of runs, and comparing them',
    page: 'how-to/compare-runs.md',
    text: `\`pipe runs\` lists them, \`pipe show RUN\` shows one, \`pipe compare A B\` compares two runs, git revisions or reports. A run is meant by
its id, the beginning of its id, its name, a tag, or \`latest\`.`,
  },
  live: {
    summary: 'the live page of a run',
    page: 'how-to/compare-runs.md',
    text: `\`pipe run --serve\` prints the address of a page that shows the run; \`pipe serve\` shows whichever run is newest, also a detached one.
It listens on 127.0.0.1, and the address holds a token: whoever has it can read, nobody can change anything.`,
  },
  watch: {
    summary: 'running again after every edit',
    page: 'how-to/compare-runs.md',
    text: `\`pipe run --watch\` runs again what an edit touches. A running cell whose inputs are edited is ended and run again; with
\`watch: queue\` its stage lets it end first. On a network file system: \`--poll 1000\`.`,
  },
  'exit-codes': {
    summary: 'what the exit code of a command means',
    page: 'reference/commands.md',
    text: `0  done          1  something failed      2  the command line or the pipeline file is wrong
3  status --check: not up to date          4  another process holds a lock
5  the cache is damaged                    130, 143  interrupted`,
  },
  environment: {
    summary: 'variables that pipe reads',
    page: 'reference/commands.md',
    text: `PIPE_REMOTE       where results are shared, before what the file says
NO_COLOR, FORCE_COLOR, TERM=dumb           colours of the screen
CI, GITHUB_ACTIONS, GITHUB_STEP_SUMMARY    plain output, annotations, a summary
XDG_STATE_HOME    where pipe remembers which tools commands you have run`,
  },
};
