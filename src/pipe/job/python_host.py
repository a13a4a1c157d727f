"""The process that runs one attempt of a stage in Python: `python_host.py ENTRY`, started in the project folder.

ENTRY is a script, which runs as `__main__`, or `package.module:function`, which is called without arguments. Modules are found
beside the script, in the project and in its `src/`, which is where their imports were traced. When the stage, its threads and
its exit handlers have ended, `returned` is written beside the job: without it the attempt does not count. It names the files of
the project that were imported: one that the trace did not reach is in no key.
Exit codes: 0 done, 1 the stage raised, 78 it asks for what the job does not have, 130 it was asked to end.
"""

import atexit
import importlib
import os
import runpy
import sys
import traceback
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader

PROTOCOL_EXIT = 78
INTERRUPTED_EXIT = 130


loaded = set()


class FromSource(SourceFileLoader):
    """Compiles what stands in the file: a .pyc is believed by the second and the size of its source, which an edit may keep."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        loaded.add(os.path.abspath(path))
        return self.source_to_code(self.get_data(path), path)


def source_hook(project):
    """For the project's own modules. Installed packages, and a venv in the project, keep their .pyc."""
    make = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (FromSource, [".py"]))
    inside = project + os.sep
    sdk = sdk_folder() and os.path.realpath(sdk_folder())

    def hook(path):
        real = os.path.realpath(path)
        # What a stage is given is no code of its own, wherever the package lies.
        if sdk is not None and (real + os.sep).startswith(sdk + os.sep):
            raise ImportError("not the project's")
        if (real + os.sep).startswith(inside) and "site-packages" not in real.split(os.sep):
            return make(path)
        raise ImportError("not the project's")

    return hook


def sdk_folder():
    """In the package, or in a checkout."""
    here = os.path.dirname(os.path.abspath(__file__))
    for place in (os.path.join(here, "sdk"), os.path.join(here, "../../../python/src")):
        if os.path.isdir(os.path.join(place, "pipe_stage")):
            return os.path.normpath(place)
    return None


def find_modules(entry, project):
    script, is_call = entry.split(":")[0], ":" in entry
    folders = [] if is_call else [os.path.dirname(os.path.join(project, script))]
    folders += [project, os.path.join(project, "src")]
    python_path = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    folders += [os.path.join(project, path) for path in python_path]
    folders.append(sdk_folder())
    # The first entry is the folder of this program.
    rest = [path for path in sys.path[1:] if path not in folders]
    seen = dict.fromkeys(path for path in folders if path is not None)
    sys.path[:] = [*seen, *rest]
    sys.path_hooks.insert(0, source_hook(os.path.realpath(project)))
    sys.path_importer_cache.clear()
    sys.dont_write_bytecode = True


def run(entry, project):
    module, _, function = entry.partition(":")
    if function:
        sys.argv[:] = [module]
        getattr(importlib.import_module(module), function)()
        return
    script = os.path.join(project, module)
    sys.argv[:] = [script]
    runpy.run_path(script, run_name="__main__")


def report(error):
    """The traceback from the stage's own first line on."""
    own = (os.path.abspath(__file__), runpy.__file__, "<frozen runpy>", "<frozen importlib._bootstrap>")
    tb = error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename in own:
        tb = tb.tb_next
    traceback.print_exception(type(error), error, tb)


def main():
    job = os.environ.get("PIPE_JOB")
    if job is None or len(sys.argv) != 2:
        sys.exit("this program is started by `pipe run`")
    entry, project = sys.argv[1], os.getcwd()
    ended_well = False

    # Registered first, so it runs last: after the threads that were waited for and every handler of the stage's.
    @atexit.register
    def mark_returned():
        if ended_well:
            with open(os.path.join(os.path.dirname(job), "returned"), "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write("".join(path + "\n" for path in sorted(loaded)))

    find_modules(entry, project)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    try:
        run(entry, project)
    except KeyboardInterrupt as error:
        print(f"ended on request: {error}" if str(error) else "ended on request", file=sys.stderr)
        sys.exit(INTERRUPTED_EXIT)
    except SystemExit as error:
        ended_well = error.code in (None, 0)
        raise
    except BaseException as error:
        report(error)
        sys.exit(PROTOCOL_EXIT if type(error).__module__ == "pipe_stage" else 1)
    ended_well = True


main()
