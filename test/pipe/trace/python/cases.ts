/** Imports of Python, and what an edit behind them does to the key. Long because it is a table of cases. */

export interface Case {
  readonly what: string;
  /** File → text; the entry is main.py unless `entry` says otherwise. */
  readonly files: Readonly<Record<string, string>>;
  readonly entry?: string;
  /** File → new text; null: removed. */
  readonly edit: Readonly<Record<string, string | null>>;
  /** `changes` the key, keeps it the `same`, or what the error must match. */
  readonly gives: 'changes' | 'same' | RegExp;
}

const lib = 'def f(x):\n    return x + 1\n';
const lib2 = 'def f(x):\n    return x + 2\n';
const use = (text: string) => `${text}\nprint(f(1))\n`;
/** One file behind an import, changed. */
export const reaches = (
  what: string,
  main: string,
  path: string,
  files: Record<string, string> = {},
): Case => ({
  what,
  files: { 'main.py': main, [path]: lib, ...files },
  edit: { [path]: lib2 },
  gives: 'changes',
});
/** One file, edited. */
export const edited = (what: string, before: string, after: string, gives: Case['gives']): Case => ({
  what,
  files: { 'main.py': 'from lib import f\nprint(f(1))\n', 'lib.py': before },
  edit: { 'lib.py': after },
  gives,
});
export const refused = (what: string, main: string, gives: RegExp): Case => ({
  what,
  files: { 'main.py': main, 'lib.py': lib },
  edit: {},
  gives,
});

export const cases: readonly Case[] = [
  reaches('import of a module beside the script', 'import lib\nprint(lib.f(1))\n', 'lib.py'),
  reaches('import as', 'import lib as l\nprint(l.f(1))\n', 'lib.py'),
  reaches('from import', use('from lib import f'), 'lib.py'),
  reaches('from import as', 'from lib import f as g\nprint(g(1))\n', 'lib.py'),
  reaches('from import in parentheses', use('from lib import (\n    f,\n)'), 'lib.py'),
  reaches('star import', use('from lib import *'), 'lib.py'),
  reaches('a module of a package', 'import pkg.lib\nprint(pkg.lib.f(1))\n', 'pkg/lib.py', {
    'pkg/__init__.py': '',
  }),
  reaches('from package import module', 'from pkg import lib\nprint(lib.f(1))\n', 'pkg/lib.py', {
    'pkg/__init__.py': '',
  }),
  reaches('from package.module import', use('from pkg.lib import f'), 'pkg/lib.py', {
    'pkg/__init__.py': '',
  }),
  reaches('the package itself', use('from pkg import f'), 'pkg/__init__.py'),
  reaches('the __init__ of a package on the way', use('from pkg.lib import f'), 'pkg/__init__.py', {
    'pkg/lib.py': lib,
  }),
  reaches('a nested package', use('from a.b.c import f'), 'a/b/c.py', {
    'a/__init__.py': '',
    'a/b/__init__.py': '',
  }),
  reaches('a namespace package', use('from space.lib import f'), 'space/lib.py'),
  reaches('a nested namespace package', use('from space.deep.lib import f'), 'space/deep/lib.py'),
  reaches('from namespace import module', 'from space import lib\nprint(lib.f(1))\n', 'space/lib.py'),
  reaches('a relative import', use('from pkg.run import f'), 'pkg/lib.py', {
    'pkg/__init__.py': '',
    'pkg/run.py': 'from .lib import f\n',
  }),
  reaches('a relative import of a module', 'from pkg.run import lib\nprint(lib.f(1))\n', 'pkg/lib.py', {
    'pkg/__init__.py': '',
    'pkg/run.py': 'from . import lib\n',
  }),
  reaches('a relative import from above', use('from a.b.run import f'), 'a/lib.py', {
    'a/__init__.py': '',
    'a/b/__init__.py': '',
    'a/b/run.py': 'from ..lib import f\n',
  }),
  reaches('a relative import from two above', use('from a.b.c.run import f'), 'a/lib.py', {
    'a/b/c/run.py': 'from ...lib import f\n',
  }),
  reaches('what an __init__ imports', use('from pkg import f'), 'pkg/lib.py', {
    'pkg/__init__.py': 'from .lib import f\n',
  }),
  reaches('a src layout', use('from pkg.lib import f'), 'src/pkg/lib.py', { 'src/pkg/__init__.py': '' }),
  reaches(
    'an import within a function that is called',
    'def main():\n    from lib import f\n    print(f(1))\nmain()\n',
    'lib.py',
  ),
  reaches(
    'a lazy import in a method',
    'class C:\n    def run(self):\n        import lib\n        return lib.f(1)\nC().run()\n',
    'lib.py',
  ),
  reaches(
    'a conditional import',
    'import os\nif os.environ.get("A"):\n    import lib\n    lib.f(1)\n',
    'lib.py',
  ),
  reaches(
    'an import in try',
    'try:\n    import lib\nexcept ImportError:\n    lib = None\nlib.f(1)\n',
    'lib.py',
  ),
  reaches(
    'an import in except',
    'try:\n    import nothing_of_that_name\nexcept ImportError:\n    import lib\nlib.f(1)\n',
    'lib.py',
  ),
  reaches(
    'an import in else of TYPE_CHECKING',
    'from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import lib\nlib.f(1)\n',
    'lib.py',
  ),
  reaches(
    'an import in __main__ of the entry',
    "if __name__ == '__main__':\n    import lib\n    lib.f(1)\n",
    'lib.py',
  ),
  reaches(
    'importlib.import_module with a literal',
    "import importlib\nlib = importlib.import_module('lib')\nlib.f(1)\n",
    'lib.py',
  ),
  reaches(
    'import_module with a literal of a package',
    "from importlib import import_module\nm = import_module('pkg.lib')\nm.f(1)\n",
    'pkg/lib.py',
    { 'pkg/__init__.py': '' },
  ),
  reaches('__import__ with a literal', "lib = __import__('lib')\nlib.f(1)\n", 'lib.py'),
  reaches('a chain of three', use('from one import f'), 'three.py', {
    'one.py': 'from two import f\n',
    'two.py': 'from three import f\n',
  }),
  reaches('a cycle', use('from one import f'), 'two.py', { 'one.py': 'import two\nfrom two import f\n' }),
  reaches('a decorator from another module', 'from lib import f\n@f\ndef g():\n    pass\n', 'lib.py'),
  reaches(
    'a default argument from another module',
    'import lib\ndef g(x=lib.f(1)):\n    return x\n',
    'lib.py',
  ),
  {
    ...reaches('an entry in a folder finds what is beside it', use('from lib import f'), 'stages/lib.py', {
      'stages/main.py': use('from lib import f'),
    }),
    entry: 'stages/main.py',
  },
  {
    ...reaches('an entry in a folder finds the project', use('from pkg.lib import f'), 'pkg/lib.py', {
      'stages/main.py': use('from pkg.lib import f'),
    }),
    entry: 'stages/main.py',
  },
  {
    ...reaches('module:function', '', 'pkg/lib.py', {
      'pkg/run.py': 'from .lib import f\ndef main():\n    f(1)\n',
    }),
    entry: 'pkg.run:main',
  },
  {
    what: 'module:function, another function of it',
    files: { 'run.py': 'def main():\n    return 1\ndef other():\n    return 2\n' },
    entry: 'run:main',
    edit: { 'run.py': 'def main():\n    return 1\ndef other():\n    return 3\n' },
    gives: 'same',
  },
  {
    what: 'module:function, the function itself',
    files: { 'run.py': 'def main():\n    return 1\n' },
    entry: 'run:main',
    edit: { 'run.py': 'def main():\n    return 2\n' },
    gives: 'changes',
  },
  {
    ...reaches('', 'x', 'lib.py'),
    what: 'module:function of no module',
    entry: 'nowhere:main',
    gives: /no module `nowhere`/,
  },
  edited('a comment', lib, `# new\n${lib}`, 'same'),
  edited('formatting', lib, 'def f( x ):\n\n        return (x\n            + 1)\n', 'same'),
  edited('a docstring', lib, 'def f(x):\n    """What it does."""\n    return x + 1\n', 'same'),
  edited('a docstring of the module', lib, `"""About."""\n${lib}`, 'same'),
  edited('an unused new function', lib, `${lib}def g(x):\n    return x\n`, 'same'),
  edited('an unused function that imports', lib, `${lib}def g():\n    import other\n`, 'same'),
  edited(
    'an unused new function that the first uses',
    lib,
    'def f(x):\n    return g(x)\ndef g(x):\n    return x + 1\n',
    'changes',
  ),
  edited('a constant', `K = 1\n${lib}`, `K = 2\n${lib}`, 'changes'),
  edited(
    'a default argument',
    'def f(x, k=1):\n    return x + k\n',
    'def f(x, k=2):\n    return x + k\n',
    'changes',
  ),
  edited('a decorator', `import functools\n${lib}`, `import functools\n@functools.cache\n${lib}`, 'changes'),
  edited('a class attribute', `class C:\n    k = 1\n${lib}`, `class C:\n    k = 2\n${lib}`, 'changes'),
  edited(
    'a method',
    `class C:\n    def m(self):\n        return 1\n${lib}`,
    `class C:\n    def m(self):\n        return 2\n${lib}`,
    'changes',
  ),
  edited('a side effect at import', `print(1)\n${lib}`, `print(2)\n${lib}`, 'changes'),
  edited(
    'an unused function beside a side effect at import',
    `print(1)\n${lib}`,
    `print(1)\n${lib}def g():\n    pass\n`,
    'changes',
  ),
  edited(
    'an unused function where names are looked up',
    `${lib}def h(name):\n    return getattr(C, name)\nclass C:\n    x = h\n`,
    `${lib}def h(name):\n    return getattr(C, name)\nclass C:\n    x = h\ndef g():\n    pass\n`,
    'changes',
  ),
  edited(
    'an unused function in a module that reads globals()',
    `${lib}K = 1\ndef f(x):\n    return globals()\n`,
    `${lib}K = 1\ndef f(x):\n    return globals()\ndef g():\n    pass\n`,
    'changes',
  ),
  edited(
    'the body of if __name__ == "__main__" in a module that is imported',
    `${lib}if __name__ == '__main__':\n    f(1)\n`,
    `${lib}if __name__ == '__main__':\n    f(2)\n`,
    'same',
  ),
  edited(
    'an import for type checkers only',
    `from typing import TYPE_CHECKING\n${lib}`,
    `from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import numpy\n${lib}`,
    'same',
  ),
  edited('a text', 'def f(x):\n    return "a"\n', 'def f(x):\n    return "b"\n', 'changes'),
  edited('the order of statements', `A = 1\nB = A\n${lib}`, `B = 1\nA = B\n${lib}`, 'changes'),
  edited(
    'a string that reads docstrings',
    'def f(x):\n    "one"\n    return f.__doc__\n',
    'def f(x):\n    "two"\n    return f.__doc__\n',
    'changes',
  ),
  edited('async to plain', 'async def f(x):\n    return x\n', 'def f(x):\n    return x\n', 'changes'),
  edited('a lambda', 'f = lambda x: x + 1\n', 'f = lambda x: x + 2\n', 'changes'),
  edited('a syntax error', lib, 'def f(x:\n', /lib\.py:1:\d+/),
  {
    what: 'a file that is not imported',
    files: { 'main.py': 'print(1)\n', 'lib.py': lib },
    edit: { 'lib.py': lib2 },
    gives: 'same',
  },
  {
    what: 'a module that appears in place of a missing one',
    files: { 'main.py': 'try:\n    import lib\nexcept ImportError:\n    pass\n' },
    edit: { 'lib.py': lib },
    gives: 'changes',
  },
  {
    what: 'a module that appears before another of its name',
    files: { 'stages/main.py': use('from lib import f'), 'lib.py': lib },
    entry: 'stages/main.py',
    edit: { 'stages/lib.py': lib2 },
    gives: 'changes',
  },
  {
    what: 'a package in place of a module',
    files: { 'main.py': use('from lib import f'), 'lib.py': lib },
    edit: { 'lib/__init__.py': lib2 },
    gives: 'changes',
  },
  {
    what: 'a module of the standard library',
    files: { 'main.py': 'import json, os.path\nprint(json.dumps(1))\n' },
    edit: { 'other.py': lib },
    gives: 'same',
  },
  {
    what: 'a file of the project that hides one of the standard library',
    files: { 'main.py': 'import statistics\n' },
    edit: { 'statistics.py': lib },
    gives: 'changes',
  },
  {
    what: 'a module that is removed',
    files: { 'main.py': 'try:\n    import lib\nexcept ImportError:\n    pass\n', 'lib.py': lib },
    edit: { 'lib.py': null },
    gives: 'changes',
  },
  refused(
    'import_module of a variable',
    "import importlib\nname = 'lib'\nimportlib.import_module(name)\n",
    /main\.py:3:1: `importlib.import_module` imports what only the run knows/,
  ),
  refused('__import__ of a variable', "name = 'lib'\n__import__(name)\n", /main\.py:2:1/),
  refused('runpy', "import runpy\nrunpy.run_path('lib.py')\n", /main\.py:1:1/),
  refused('importlib.resources', 'import importlib.resources\n', /files that are in no key/),
  refused('from importlib import resources', 'from importlib import resources\n', /files that are in no key/),
  refused('pkgutil.get_data', "import pkgutil\npkgutil.get_data('pkg', 'x')\n", /files that are in no key/),
  refused(
    'a data file next to __file__',
    "import os\nopen(os.path.join(os.path.dirname(__file__), 'x.txt'))\n",
    /main\.py:2:\d+: `__file__` leads to files/,
  ),
  refused('sys.path', "import sys\nsys.path.append('elsewhere')\n", /main\.py:2:\d+: `sys.path`/),
];
