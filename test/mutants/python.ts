/** Stages in Python, what nobody declared, a cell's shell, another tool's file, and the pipelines to start from. */
import { type Mutant, mutant } from './mutant.ts';
import { tests } from './tests.ts';

export const python: readonly Mutant[] = [
  // The code of a stage in Python
  mutant(
    'what runs as a program has its __main__ in the key',
    'pipe/trace/python/reach.ts',
    ["if (item.kind === 'main') return this.#programs.has(path);", "if (item.kind === 'main') return false;"],
    [tests.python, '__main__'],
  ),
  mutant(
    'a module that is passed on may be looked through',
    'pipe/trace/python/reach.ts',
    ["if (meaning.passesModule) this.#flags.add('dynamic');", ''],
    [tests.python, 'an unnamed function behind a module p'],
  ),
  mutant(
    'a statement of the top level may call any function of its file',
    'pipe/trace/python/analyse.py',
    [
      'if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):',
      'if isinstance(node, ast.Expr):',
    ],
    [tests.python, 'an unused function beside a side'],
  ),
  mutant(
    'a package comes before a folder that is none',
    'pipe/trace/python/resolve.ts',
    ['if (isFolder) portions.push(inner);', 'if (isFolder) return { file: null, folders: [inner] };'],
    [tests.python, 'a package in a later root'],
  ),
  mutant(
    'a trace of what was edited meanwhile is not remembered',
    'pipe/trace/python/python-tracer.ts',
    ['observer.isOlderThan(began) ? remembered : null', 'remembered'],
    [tests.python, 'a trace of what was edited while it was read'],
  ),
  mutant(
    'an environment is looked at again when its packages changed',
    'pipe/trace/python/environment.ts',
    ['&& isCurrent(remembered.stats)', ''],
    [tests.installed, 'one that is installed later is seen'],
  ),
  mutant(
    'a docstring counts where a package may read it',
    'pipe/trace/python/one-trace.ts',
    ['mayReadDocs: packages.some((one) => !docstringFree.has(one)),', 'mayReadDocs: false,'],
    [tests.installed, 'a docstring counts where a package may act on it'],
  ),
  mutant(
    'an editable package counts by its content',
    'pipe/trace/python/resolve.ts',
    ['const place = local[top] ?? this.#find(foreign, top);', 'const place = null as ModulePlace | null;'],
    [tests.installed, 'an editable package counts by its content'],
  ),
  // What nobody declared
  mutant(
    'what a program wrote itself is no input',
    'pipe/access/accesses.ts',
    ['if (!access.written) access.read = true;', 'access.read = true;'],
    [tests.accesses, 'what was written first and read afterwards'],
  ),
  mutant(
    'a call is read when it is whole',
    'pipe/access/accesses.ts',
    ["this.#halves.set(pid, rest.slice(0, -'<unfinished ...>'.length));", ''],
    [tests.accesses, 'a call that another process came between'],
  ),
  mutant(
    'an open that failed is no access',
    'pipe/access/accesses.ts',
    ["name !== '' && !result.startsWith('-')", "name !== ''"],
    [tests.accesses, 'an open that failed'],
  ),
  mutant(
    'arguments of programs are in no record',
    'pipe/access/strace.ts',
    ["'-s', '0', ", ''],
    [tests.accesses, 'none of its arguments'],
  ),
  mutant(
    'an environment in the project is nobody’s data',
    'pipe/access/undeclared.ts',
    ['    isEnvironment(path) ||\n', ''],
    [tests.undeclared, 'a virtual environment in the project'],
  ),
  mutant(
    'a file that is removed was touched',
    'pipe/access/undeclared.ts',
    ['((one.written && existsSync(one.path)) || one.removed)', '(one.written && existsSync(one.path))'],
    [tests.undeclared, 'a file that a stage writes beside its outs is listed'],
  ),
  mutant(
    'where names are listed the folder is the dep',
    'pipe/access/undeclared.ts',
    ['return within.length > 1 && ', 'return false && '],
    [tests.undeclared, 'a folder whose files are listed and read'],
  ),
  // A cell's shell
  mutant(
    'a command in a shell sees none of the caller’s variables',
    'pipe/cli/shell.ts',
    ['const own = interactive ? personal', 'const own = true ? personal'],
    [tests.shell, 'no other variable of the caller'],
  ),
  mutant(
    'an open shell holds no lock',
    'pipe/run/open-cell.ts',
    ['  await work.abandon();\n', ''],
    [tests.shell, 'while it is open another run makes the same cell'],
  ),
  mutant(
    'a shell’s end by a signal is its exit code',
    'pipe/cli/shell.ts',
    ['code ?? 128 + (signal === null ? 0 : constants.signals[signal])', 'code ?? 1'],
    [tests.shell, 'its exit code is passed on'],
  ),
  mutant(
    'what is for the program is no target',
    'pipe/cli/shell.ts',
    ['parsed.arguments.length - passedOn(parsed).length', 'parsed.arguments.length'],
    [tests.shell, 'what stands after -- goes to the program'],
  ),
  mutant(
    'who ends a shell ends what it started',
    'pipe/cli/shell.ts',
    ["end = () => child.kill(file === caller.SHELL || file === '/bin/sh' ? 'SIGHUP' : 'SIGTERM');", ''],
    [tests.shell, 'asked to end, it ends what it started'],
  ),
  // dvc.yaml
  mutant(
    'a matrix is kept only where each cell reads its own',
    'pipe/import/dvc-links.ts',
    ['if (!instance || !producer) return false;', 'return true;'],
    [tests.dvc, 'each reads the one after it'],
  ),
  mutant(
    'a gather reads every cell',
    'pipe/import/dvc-links.ts',
    ['ofCells.some((ofCell) => ofCell.length !== 1) ||', ''],
    [tests.dvc, 'foreach over a map of params.yaml'],
  ),
  mutant(
    'what is frozen stays frozen',
    'pipe/import/dvc-stage-text.ts',
    ["...(body.frozen ? { frozen: 'frozen in dvc.yaml' } : {}),", ''],
    [tests.dvc, 'frozen and always_changed'],
  ),
  mutant(
    'a flag that is false is none',
    'pipe/import/dvc-template.ts',
    ['if (value === false) return [];', ''],
    [tests.dvc, 'vars, templates, maps as flags'],
  ),
  mutant(
    'an out that persists is said',
    'pipe/import/dvc-stage-text.ts',
    ['if (options.persist === true)', 'if (options.persist === null)'],
    [tests.dvc, 'persist and descriptions'],
  ),
  // To start from
  mutant(
    'a template overwrites nothing',
    'pipe/cli/init.ts',
    ["flag: 'wx' }", "flag: 'w' }"],
    [tests.templates, 'nothing that is there is overwritten'],
  ),
  mutant(
    'a template says how its test is run',
    'pipe/cli/init.ts',
    ['if (test !== null) stdout.write', 'if (test === null) stdout.write'],
    [tests.templates, 'sweep > runs at once'],
  ),
];
