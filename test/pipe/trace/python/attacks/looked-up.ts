/** What reaches code of Python by its name, or looks as if it did and does not. */
import type { Case } from '../cases.ts';

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

export const lookedUp: readonly Case[] = [
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
];
