/** What Python runs without being asked, and definitions that do more than give a name. */
import { type Case, edited } from '../cases.ts';

const lib = 'def f(x):\n    return x + 1\n';
const lib2 = 'def f(x):\n    return x + 2\n';

export const definitions: readonly Case[] = [
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
];
