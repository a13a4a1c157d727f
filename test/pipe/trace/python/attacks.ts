/**
 * Python that reaches code in ways that its imports and names do not show, or that looks as if it did and does not.
 * Long because it is a list of cases.
 */
import { type Case, edited, reaches, refused } from './cases.ts';

const lib = 'def f(x):\n    return x + 1\n';
const lib2 = 'def f(x):\n    return x + 2\n';
/** A function that nothing names, beside what may reach it all the same. */
const found = (what: string, lookup: string, more: Partial<Case> = {}): Case => ({
  what: `an unnamed function behind ${what}`,
  files: { 'main.py': `import lib\n${lookup}\n`, 'lib.py': 'def hid_den(x):\n    return 1\n' },
  edit: { 'lib.py': 'def hid_den(x):\n    return 2\n' },
  gives: 'changes',
  ...more,
});
/** Modules of which one is passed over or preferred by where it lies. */
const placed = (what: string, files: Record<string, string>, edit: Record<string, string>): Case => ({
  what,
  files,
  edit,
  gives: 'changes',
});

export const attacks: readonly Case[] = [
  // Names looked up
  found('getattr of a computed name', "print(getattr(lib, 'hid' + '_den')(1))"),
  found('attrgetter', "import operator\nprint(operator.attrgetter('hid' + '_den')(lib)(1))"),
  found('attrgetter of a dotted text', "import operator, sys\nprint(operator.attrgetter('lib.hid_den'))"),
  found('vars', "print(vars(lib)['hid' + '_den'](1))"),
  found('dir', 'print(dir(lib))'),
  found('__dict__', "print(lib.__dict__['hid' + '_den'](1))"),
  found('sys.modules', "import sys\nprint(sys.modules['lib'])"),
  found('from sys import modules', "from sys import modules\nprint(modules['lib'])"),
  found('inspect.getmembers', 'import inspect\nprint(inspect.getmembers(lib))'),
  found('a module passed on', 'def show(m):\n    return m\nshow(lib)'),
  found('a module in a list', 'ALL = [lib]'),
  found('a module as an attribute of self', 'class C:\n    def __init__(self):\n        self.lib = lib'),
  found('an alias by assignment', 'other = lib'),
  found('pickle', "import pickle\npickle.loads(b'...')"),
  found('torch.load', "import torch\ntorch.load('x')"),
  found('numpy.load of pickles', "import numpy\nnumpy.load('x', allow_pickle=True)"),
  found('a text with its name', "TABLE = {'hid_den': 1}"),
  found('a text that holds its name', "TARGET = 'call lib.hid_den now'"),
  found('eval of a text', "print(eval('lib.hid_den(1)'))"),
  found('a keyword', 'dict(hid_den=1)'),
  found('globals of another function', 'print(lib.other.__globals__)'),
  found('a frame', 'import sys\nprint(sys._getframe().f_back)'),
  found('fire', 'import fire\nfire.Fire(lib)'),
  found('a match pattern', 'match object():\n    case object(hid_den=x):\n        pass'),
  found('unittest', 'import unittest\nunittest.main(lib)'),
  found('gc', 'import gc\nprint(gc.get_objects())'),
  found('getattr passed on', 'print(list(map(getattr, [lib], ["x"])))'),
  found('a star import', 'from lib import *'),
  {
    ...found('a module of a package passed on', 'import pkg\nimport pkg.lib\nprint([pkg.lib])'),
    files: { 'main.py': 'import pkg.lib\nprint([pkg.lib])\n', 'pkg/__init__.py': '', 'pkg/lib.py': lib },
    edit: { 'pkg/lib.py': lib2 },
  },
  {
    ...found('a relative module passed on', ''),
    files: {
      'main.py': 'import pkg.run\n',
      'pkg/__init__.py': '',
      'pkg/run.py': 'from . import lib\nALL = (lib,)\n',
      'pkg/lib.py': lib,
    },
    edit: { 'pkg/lib.py': lib2 },
  },
  {
    ...found('import_module that is kept', "import importlib\nm = importlib.import_module('lib')"),
    what: 'an unnamed function of a module from import_module',
  },
  found('an attribute of an attribute only', 'print(lib.other)', {
    what: 'an unnamed function where nothing looks for names',
    gives: 'same',
  }),
  found('', "import math\nprint(getattr(math, 's' + 'in')(1))", {
    what: 'an unnamed function where names of another module are looked up',
    gives: 'same',
  }),
  // What Python calls by itself
  edited(
    '__getattr__ of a module',
    'def __getattr__(name):\n    return lambda x: 1\n',
    'def __getattr__(name):\n    return lambda x: 2\n',
    'changes',
  ),
  edited(
    '__dir__ of a module',
    'def __dir__():\n    return ["f"]\n',
    'def __dir__():\n    return ["g"]\n',
    'changes',
  ),
  edited(
    'a name that a class mangles',
    'def _C__f():\n    return 1\nclass C:\n    def m(self):\n        return __f()\ndef f(x):\n    return C().m()\n',
    'def _C__f():\n    return 2\nclass C:\n    def m(self):\n        return __f()\ndef f(x):\n    return C().m()\n',
    'changes',
  ),
  edited(
    '__init_subclass__ that registers',
    `class B:\n    def __init_subclass__(cls):\n        print(1)\n${lib}`,
    `class B:\n    def __init_subclass__(cls):\n        print(2)\n${lib}`,
    'changes',
  ),
  edited(
    'a metaclass',
    `class M(type):\n    def __new__(m, *a):\n        print(1)\n        return type.__new__(m, *a)\nclass C(metaclass=M):\n    pass\n${lib}`,
    `class M(type):\n    def __new__(m, *a):\n        print(2)\n        return type.__new__(m, *a)\nclass C(metaclass=M):\n    pass\n${lib}`,
    'changes',
  ),
  // Definitions that do something
  edited('an unused function with a decorator', lib, `${lib}@print\ndef g():\n    pass\n`, 'changes'),
  edited(
    'an unused function with a default that is called',
    lib,
    `${lib}def g(x=print(1)):\n    pass\n`,
    'changes',
  ),
  edited(
    'an unused function with a default that may fail',
    lib,
    `${lib}def g(x=NOWHERE):\n    pass\n`,
    'changes',
  ),
  edited(
    'an unused function with a default that assigns',
    lib,
    `${lib}def g(x=(K := 2)):\n    pass\n`,
    'changes',
  ),
  edited(
    'an unused function with an annotation that may fail',
    lib,
    `${lib}def g(x: Nowhere):\n    pass\n`,
    'changes',
  ),
  edited(
    'an unused function with a plain annotation',
    lib,
    `${lib}def g(x: int = 3, *, y: "K" = None) -> dict[str, int]:\n    pass\n`,
    'same',
  ),
  edited(
    'an unused function whose annotations are not evaluated',
    `from __future__ import annotations\n${lib}`,
    `from __future__ import annotations\n${lib}def g(x: Nowhere):\n    pass\n`,
    'same',
  ),
  edited(
    'a conditional definition',
    `if 1:\n    def f(x):\n        return 1\n`,
    `if 1:\n    def f(x):\n        return 2\n`,
    'changes',
  ),
  edited('the second of two definitions', `${lib}${lib}`, `${lib}${lib2}`, 'changes'),
  edited(
    'a dataclass default',
    `from dataclasses import dataclass\n@dataclass\nclass C:\n    k: int = 1\n${lib}`,
    `from dataclasses import dataclass\n@dataclass\nclass C:\n    k: int = 2\n${lib}`,
    'changes',
  ),
  edited(
    'a class body that calls',
    `class C:\n    k = len("a")\n${lib}`,
    `class C:\n    k = len("ab")\n${lib}`,
    'changes',
  ),
  edited('monkey patching', `import json\n${lib}`, `import json\njson.dumps = None\n${lib}`, 'changes'),
  edited('an annotation of a variable', `x: int = 1\n${lib}`, `x: print(1) = 1\n${lib}`, 'changes'),
  edited('del', `K = 1\n${lib}`, `K = 1\ndel K\n${lib}`, 'changes'),
  edited(
    'the order of imports',
    `import json\nimport re\n${lib}`,
    `import re\nimport json\n${lib}`,
    'changes',
  ),
  edited('a whole number for a float', 'def f(x):\n    return 1\n', 'def f(x):\n    return 1.0\n', 'changes'),
  edited('True for 1', 'def f(x):\n    return 1\n', 'def f(x):\n    return True\n', 'changes'),
  edited('bytes for a text', 'def f(x):\n    return "a"\n', 'def f(x):\n    return b"a"\n', 'changes'),
  edited(
    'a number too long to print',
    `K = 0x1${'0'.repeat(5000)}\n${lib}`,
    `K = 0x2${'0'.repeat(5000)}\n${lib}`,
    'changes',
  ),
  edited(
    'spelling: u"", del (a, b), hex digits',
    `a = u"x"; b = 0XfF\ndel (a, b)\n${lib}`,
    `a = 'x'; b = 0xFF\ndel a, b\n${lib}`,
    'same',
  ),
  edited(
    'an encoding comment that changes a text',
    `# -*- coding: utf-8 -*-\nK = "é"\n${lib}`,
    `# -*- coding: latin-1 -*-\nK = "é"\n${lib}`,
    'changes',
  ),
  edited(
    'an expression a thousand deep',
    `K = ${'('.repeat(90)}1${')'.repeat(90)}${' + 1'.repeat(1000)}\n${lib}`,
    `K = 1${' + 1'.repeat(1000)}\n${lib}`,
    'same',
  ),
  // if __name__ == '__main__' and its like
  edited(
    'else of if __name__ == "__main__"',
    `${lib}if __name__ == '__main__':\n    pass\nelse:\n    K = 1\n`,
    `${lib}if __name__ == '__main__':\n    pass\nelse:\n    K = 2\n`,
    'changes',
  ),
  edited(
    '__name__ that is assigned',
    `__name__ = '__main__'\nif __name__ == '__main__':\n    K = 1\n${lib}`,
    `__name__ = '__main__'\nif __name__ == '__main__':\n    K = 2\n${lib}`,
    'changes',
  ),
  edited(
    'if __name__ != "__main__"',
    `if __name__ != '__main__':\n    K = 1\n${lib}`,
    `if __name__ != '__main__':\n    K = 2\n${lib}`,
    'changes',
  ),
  edited(
    'TYPE_CHECKING of the file itself',
    `TYPE_CHECKING = True\nif TYPE_CHECKING:\n    K = 1\n${lib}`,
    `TYPE_CHECKING = True\nif TYPE_CHECKING:\n    K = 2\n${lib}`,
    'changes',
  ),
  edited(
    'TYPE_CHECKING of another module',
    `from other import TYPE_CHECKING\nif TYPE_CHECKING:\n    K = 1\n${lib}`,
    `from other import TYPE_CHECKING\nif TYPE_CHECKING:\n    K = 2\n${lib}`,
    'changes',
  ),
  edited(
    'TYPE_CHECKING under another name',
    `from typing import TYPE_CHECKING as TC\nif TC:\n    K = 1\n${lib}`,
    `from typing import TYPE_CHECKING as TC\nif TC:\n    K = 2\n${lib}`,
    'same',
  ),
  refused('TYPE_CHECKING that is set', 'import typing\ntyping.TYPE_CHECKING = True\n', /TYPE_CHECKING/),
  // What reads the text
  edited(
    'a comment where the source is read',
    `import inspect\ndef f(x):\n    return inspect.getsource(f)\n`,
    `import inspect\n# new\ndef f(x):\n    return inspect.getsource(f)\n`,
    'changes',
  ),
  edited(
    'a comment where numbers of lines are read',
    `import sys\ndef f(x):\n    return sys._getframe().f_lineno\n`,
    `import sys\n# new\ndef f(x):\n    return sys._getframe().f_lineno\n`,
    'changes',
  ),
  edited(
    'a comment where tracebacks become texts',
    `import traceback\ndef f(x):\n    return traceback.format_exc()\n`,
    `import traceback\n# new\ndef f(x):\n    return traceback.format_exc()\n`,
    'changes',
  ),
  edited(
    'a docstring where help() reads',
    `def f(x):\n    "one"\n    return help(f)\n`,
    `def f(x):\n    "two"\n    return help(f)\n`,
    'changes',
  ),
  edited(
    'a docstring where doctest reads',
    `"""one"""\nimport doctest\n${lib}`,
    `"""two"""\nimport doctest\n${lib}`,
    'changes',
  ),
  edited('a text that stands alone', `${lib}"one"\n`, `${lib}"two"\n`, 'changes'),
  // Where modules come from
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
  // Refused
  refused(
    'import_module under another name',
    'from importlib import import_module as im\nim(x)\n',
    /import_module/,
  ),
  refused('import_module assigned', 'import importlib\nim = importlib.import_module\n', /import_module/),
  refused(
    'import_module by getattr',
    "import importlib\ngetattr(importlib, 'import_module')(x)\n",
    /import_module/,
  ),
  refused(
    'import_module passed to map',
    'from importlib import import_module\nlist(map(import_module, x))\n',
    /import_module/,
  ),
  refused(
    'import_module with arguments from a list',
    'import importlib\nimportlib.import_module(*x)\n',
    /import_module/,
  ),
  refused(
    'import_module by way of another module',
    'from lib import import_module\nimport_module(x)\n',
    /import_module/,
  ),
  refused('importlib passed on', 'import importlib\nx = importlib\n', /`importlib` is passed on/),
  refused('sys passed on', 'import sys\ns = sys\n', /`sys` is passed on/),
  refused('eval of a variable', 'eval(x)\n', /main\.py:1:1: `eval` runs code/),
  refused('exec of a file', "exec(open('lib.py').read())\n", /`exec` runs code/),
  refused('exec by another name', 'run = exec\n', /`exec` runs code/),
  refused('builtins.exec', 'import builtins\nbuiltins.exec(x)\n', /exec` runs code/),
  refused('__builtins__', "__builtins__['ex' + 'ec'](x)\n", /__builtins__/),
  refused('compile of a variable', "compile(x, 'a', 'exec')\n", /`compile` runs code/),
  refused('sys.path under another name', "import sys as s\ns.path.insert(0, 'x')\n", /sys\.path/),
  refused('from sys import path', "from sys import path\npath.append('x')\n", /sys\.path/),
  refused('sys.path by getattr', "import sys\ngetattr(sys, 'path').append('x')\n", /sys\.path/),
  refused('sys.path by way of another module', "import lib\nlib.sys.path.append('x')\n", /sys\.path/),
  refused('sys.meta_path', 'import sys\nsys.meta_path.insert(0, x)\n', /meta_path/),
  refused('__path__ of a package', "__path__.append('x')\n", /__path__/),
  refused('site.addsitedir', "import site\nsite.addsitedir('x')\n", /addsitedir/),
  refused(
    'spec_from_file_location',
    "from importlib.util import spec_from_file_location\nspec_from_file_location('a', 'b')\n",
    /spec_from_file_location/,
  ),
  refused(
    'another Python',
    "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'x'])\n",
    /another Python/,
  ),
  refused(
    'importlib.resources under another name',
    'import importlib.resources as r\n',
    /files that are in no key/,
  ),
  refused(
    'resources as an attribute',
    "import importlib\nimportlib.resources.files('x')\n",
    /files that are in no key/,
  ),
  refused(
    'from importlib.resources import',
    "from importlib.resources import files\nfiles('x')\n",
    /files that are in no key/,
  ),
  refused('pkg_resources', 'import pkg_resources\n', /files that are in no key/),
  refused('__file__ of another module', 'import lib\nopen(lib.__file__)\n', /__file__/),
  refused('__spec__', 'print(__spec__.origin)\n', /__spec__/),
  refused('sys.argv[0]', 'import sys\nopen(sys.argv[0])\n', /sys\.argv\[0\]/),
  refused('__file__ as a text', "print(globals()['__file__'])\n", /__file__/),
  refused('co_filename', 'print((lambda: 0).__code__.co_filename)\n', /co_filename/),
];
