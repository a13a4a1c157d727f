/**
 * Which room may import which: a room imports what stands above it in its list, never below. Type imports count.
 * `npm run rooms` prints the graph of rooms and fails on an arrow that runs back up.
 */

/** The engine. Paths below src. */
const engine = [
  'lib',
  'pipe/version.ts',
  'pipe/stage.ts',
  'pipe/report-format.ts',
  'pipe/config',
  'pipe/plan',
  'pipe/project',
  'pipe/digest',
  'pipe/trace',
  'pipe/key',
  'pipe/store',
  'pipe/sources',
  'pipe/remote',
  'pipe/job',
  'pipe/cell',
  'pipe/exec',
  'pipe/access',
  'pipe/run',
  'pipe/screen',
  'pipe/import',
  'pipe/template',
  'pipe/report/model',
  'pipe/report/figure',
  'pipe/report/client',
  'pipe/report/page',
  'pipe/report/formats',
  'pipe/report',
  'pipe/history',
  'pipe/live',
  'pipe/watch',
  'pipe/cli',
];

/** The study. */
const study = [
  'lib',
  'nas/params.ts',
  'nas/tables.ts',
  'nas/space',
  'nas/data',
  'nas/pickle',
  'nas/bzip2',
  'nas/benchmark',
  'nas/convert',
  'nas/backend/contract',
  'nas/backend/tensorflow',
  'nas/backend/wasm',
  'nas/backend/(open|probe|check|version-cli).ts',
  'nas/supernet/network',
  'nas/supernet/train',
  'nas/supernet/evaluate',
  'nas/supernet/stand-alone.ts',
  'nas/stats',
  'nas/study',
  'nas/claims',
  'nas/external',
  'nas/figures',
];

/**
 * One rule a room: nothing that comes after it in the list, and nothing that the list does not name.
 * @param {readonly string[]} rooms
 * @returns {import('dependency-cruiser').IForbiddenRuleType[]}
 */
function downwards(rooms) {
  return rooms.map((room, index) => ({
    name: `${room} imports only what stands above it`,
    severity: 'error',
    from: { path: `^src/${room}(/|$)` },
    to: {
      path: '^(src|stages|test|perf)/',
      pathNot: rooms.slice(0, index + 1).map((one) => `^src/${one}(/|$)`),
    },
  }));
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...downwards(engine),
    ...downwards(study).slice(1),
    {
      name: 'every file of src stands in a room',
      severity: 'error',
      from: { path: '^src/', pathNot: [...engine, ...study].map((room) => `^src/${room}(/|$)`) },
      to: {},
    },
    {
      name: 'the SDK of stages imports nothing, so that no key changes with the engine',
      severity: 'error',
      from: { path: '^src/pipe/stage\\.ts$' },
      to: {},
    },
    {
      name: 'a stage imports the study, and of the engine only what the package exports to stages',
      severity: 'error',
      from: { path: '^stages/' },
      to: {
        path: '^(src|test|perf)/',
        pathNot: ['^src/nas/', '^src/lib/', '^src/pipe/(stage|report-format)\\.ts$'],
      },
    },
    { name: 'no file imports itself by way of others', severity: 'error', from: {}, to: { circular: true } },
    { name: 'what is imported is there', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
