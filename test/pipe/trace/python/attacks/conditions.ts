/** Parts of a file that run only sometimes, and what reads its text. */
import { type Case, edited, refused } from '../cases.ts';

const lib = 'def f(x):\n    return x + 1\n';

export const conditions: readonly Case[] = [
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
];
