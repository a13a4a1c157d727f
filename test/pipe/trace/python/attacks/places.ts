/** Where modules of Python come from, and imports that do not stand at the top. */
import { type Case, reaches } from '../cases.ts';

const lib = 'def f(x):\n    return x + 1\n';
const lib2 = 'def f(x):\n    return x + 2\n';
/** Modules of which one is passed over or preferred by where it lies. */
const placed = (what: string, files: Record<string, string>, edit: Record<string, string>): Case => ({
  what,
  files,
  edit,
  gives: 'changes',
});

export const places: readonly Case[] = [
  placed(
    'a package in a later root before a folder without __init__.py in an earlier one',
    {
      'main.py': 'from pkg.lib import f\n',
      'pkg/lib.py': lib,
      'src/pkg/__init__.py': '',
      'src/pkg/lib.py': lib,
    },
    { 'src/pkg/lib.py': lib2 },
  ),
  placed(
    'the second part of a namespace package',
    { 'main.py': 'from space import a, b\na.f(b)\n', 'space/a.py': lib, 'src/space/b.py': lib },
    { 'src/space/b.py': lib2 },
  ),
  placed(
    'a relative import into the second part of a namespace package',
    { 'main.py': 'import space.a\n', 'space/a.py': 'from .b import f\n', 'src/space/b.py': lib },
    { 'src/space/b.py': lib2 },
  ),
  placed(
    'a compiled module beside its source',
    { 'main.py': 'import lib\n', 'lib.py': lib },
    { 'lib.abi3.so': 'binary' },
  ),
  placed(
    'what __all__ names of a package and a star import takes',
    { 'main.py': 'from pkg import *\n', 'pkg/__init__.py': '__all__ = ["lib"]\n', 'pkg/lib.py': lib },
    { 'pkg/lib.py': lib2 },
  ),
  placed(
    'what a computed __all__ may name',
    {
      'main.py': 'from pkg import *\n',
      'pkg/__init__.py': 'X = ["li"]\n__all__ = [x + "b" for x in X]\n',
      'pkg/lib.py': lib,
    },
    { 'pkg/lib.py': lib2 },
  ),
  {
    ...placed(
      'the __init__ of a package whose function is the entry',
      { 'pkg/__init__.py': 'K = 1\n', 'pkg/run.py': 'def main():\n    pass\n' },
      { 'pkg/__init__.py': 'K = 2\n' },
    ),
    entry: 'pkg.run:main',
  },
  placed(
    'a function of __init__ with the name of a module that is imported by its full name',
    { 'main.py': 'import pkg.sub as s\n', 'pkg/__init__.py': 'def sub():\n    return 1\n', 'pkg/sub.py': '' },
    { 'pkg/__init__.py': 'def sub():\n    return 2\n' },
  ),
  reaches('one module under two names', 'import lib\nimport stages.lib\nlib.f(1)\n', 'stages/lib.py', {
    'lib.py': '',
  }),
  reaches('a module of a dotted text', "HANDLER = {'()': 'pkg.lib.f'}\n", 'pkg/lib.py', {
    'pkg/__init__.py': '',
  }),
  reaches(
    'a script that a text names',
    "import os\nos.system('x')\nRUN = ['python3', 'tools/other.py', 'f']\n",
    'tools/other.py',
  ),
  placed(
    'the __main__ of a script that a text names',
    {
      'main.py': "RUN = ['python3', 'other.py']\n",
      'other.py': "if __name__ == '__main__':\n    print(1)\n",
    },
    { 'other.py': "if __name__ == '__main__':\n    print(2)\n" },
  ),
  reaches('__import__ with a list of names', "__import__('pkg', fromlist=['lib'])\n", 'pkg/lib.py', {
    'pkg/__init__.py': '',
  }),
  reaches(
    'import_module of a relative name and a package',
    "import importlib\nimportlib.import_module('.lib', 'pkg').f\n",
    'pkg/lib.py',
    { 'pkg/__init__.py': '' },
  ),
  reaches(
    'import_module imported by its name',
    "from importlib import import_module\nimport_module('lib').f(1)\n",
    'lib.py',
  ),
  reaches('importlib under another name', "import importlib as il\nil.import_module('lib').f(1)\n", 'lib.py'),
  reaches('an import in exec of a text', "exec('import lib; lib.f(1)')\n", 'lib.py'),
  reaches('an import in a lambda', "f = lambda: __import__('lib').f(1)\n", 'lib.py'),
  reaches('an import in a class body', 'class C:\n    import lib\n    lib.f(1)\n', 'lib.py'),
  reaches('an import in a comprehension', "x = [__import__('lib') for _ in range(1)]\n", 'lib.py'),
  reaches('an import in a match', 'match 1:\n    case 1:\n        import lib\n        lib.f(1)\n', 'lib.py'),
  reaches(
    'an import in with',
    'import contextlib\nwith contextlib.suppress(ImportError):\n    import lib\n    lib.f(1)\n',
    'lib.py',
  ),
  reaches(
    'an import in a nested function',
    'def a():\n    def b():\n        import lib\n        return lib.f(1)\n    return b()\na()\n',
    'lib.py',
  ),
  reaches('an import in an async function', 'async def a():\n    import lib\n    lib.f(1)\na()\n', 'lib.py'),
  reaches('an import in a default argument', "def a(x=__import__('lib')):\n    return x\n", 'lib.py'),
];
