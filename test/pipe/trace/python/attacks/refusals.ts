/** Python that cannot be followed, and is refused with the way out. */
import { type Case, refused } from '../cases.ts';

export const refusals: readonly Case[] = [
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
