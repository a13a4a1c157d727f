"""Names of Python through which code does what its text does not show. In doubt a name is here."""

# Full names that import by a text.
IMPORTERS = {"importlib.import_module", "importlib.__import__", "builtins.__import__"}
# Full names that run a text, or make code of it.
CODE_RUNNERS = {"builtins.eval", "builtins.exec", "builtins.compile"}
# Modules that are dangerous once they are passed on as a value: what is done with them is not seen.
CRITICAL_MODULES = {
    "sys", "importlib", "importlib.util", "importlib.machinery", "importlib.abc", "builtins", "pkgutil", "site",
}
# Full name → what is wrong with it.
PROBLEMS = {
    "sys.path": "path",
    "sys.path_importer_cache": "path",
    "site.addpackage": "path",
    "sys.executable": "process",
    "sys.orig_argv": "data",
    "pkgutil.get_data": "data",
    "pkgutil.get_loader": "dynamic-import",
    "pkgutil.find_loader": "dynamic-import",
    "importlib.find_loader": "dynamic-import",
    "importlib.resources": "data",
    "importlib.util.spec_from_loader": "dynamic-import",
    "importlib.util.find_spec": "dynamic-import",
    "importlib.machinery": "dynamic-import",
    "inspect.getfile": "data",
    "inspect.getsourcefile": "data",
    "inspect.getabsfile": "data",
}
# Names and attributes that are a problem wherever they stand: they are Python's own.
PROBLEM_ATTRIBUTES = {
    "__file__": "data",
    "__cached__": "data",
    "__loader__": "data",
    "__spec__": "data",
    "__path__": "path",
    "co_filename": "data",
    "import_module": "dynamic-import",
    "__import__": "dynamic-import",
    "spec_from_file_location": "dynamic-import",
    "module_from_spec": "dynamic-import",
    "exec_module": "dynamic-import",
    "walk_packages": "dynamic-import",
    "meta_path": "path",
    "path_hooks": "path",
    "extend_path": "path",
    "addsitedir": "path",
    "__builtins__": "dynamic-code",
}
# Modules that are a problem once they are imported.
PROBLEM_MODULES = {
    "importlib.resources": "data",
    "importlib_resources": "data",
    "pkg_resources": "data",
    "importlib.machinery": "dynamic-import",
    "importlib.abc": "dynamic-import",
    "imp": "dynamic-import",
    "runpy": "dynamic-import",
    "zipimport": "dynamic-import",
    "pyximport": "dynamic-import",
    "code": "dynamic-code",
}
# Full names through which any name of a module is reached.
DYNAMIC = {
    "builtins.globals", "builtins.locals", "builtins.vars", "builtins.dir", "builtins.help", "sys.modules", "sys._getframe",
    "sys._current_frames", "sys.settrace", "sys.setprofile", "torch.load", "yaml.load", "yaml.unsafe_load", "builtins.getattr",
}
DYNAMIC_ATTRIBUTES = {
    "__dict__", "__getattribute__", "__globals__", "f_globals", "f_locals", "f_back", "getmembers", "currentframe", "getmodule",
    "read_pickle", "allow_pickle", "unsafe_load", "UnsafeLoader", "entry_points", "resolve_name", "__subclasses__",
}
# Modules that look through others, or that call what data names.
DYNAMIC_MODULES = {
    "pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "inspect", "gc", "fire", "unittest", "doctest",
    "pydoc", "hydra", "venusian", "pytest", "importlib.metadata", "logging.config", "ctypes", "trace", "pdb", "bdb",
}
# What reads docstrings.
DOC_MODULES = {"doctest", "docopt", "fire", "typer", "click", "inspect", "pydoc", "unittest", "cmd", "pytest"}
DOC_ATTRIBUTES = {"__doc__", "getdoc"}
DOC_CALLS = {"builtins.help"}
# What reads the text of the source, or the numbers of its lines: there a comment counts.
SOURCE_MODULES = {"linecache", "tokenize", "trace", "pdb", "bdb", "dis"}
SOURCE_CALLS = {"torch.jit.script", "inspect.stack", "inspect.trace"}
SOURCE_ATTRIBUTES = {
    "getsource", "getsourcelines", "findsource", "getcomments", "getblock", "get_source", "getframeinfo", "co_firstlineno",
    "co_lines", "co_linetable", "co_code", "co_lnotab", "f_lineno", "tb_lineno", "lineno", "end_lineno", "format_exc",
    "format_exception", "format_tb", "extract_tb", "format_stack", "extract_stack", "walk_tb", "walk_stack", "TracebackException",
}
# Calls at import that change nothing outside their own result.
QUIET_CALLS = {
    "getLogger", "TypeVar", "ParamSpec", "NewType", "namedtuple", "NamedTuple", "Path", "PurePath", "frozenset", "set", "tuple",
    "list", "dict", "float", "int", "str", "bool", "bytes", "range", "field", "auto", "Struct", "object", "len", "sorted", "min",
    "max", "sum", "abs", "round", "zip", "enumerate", "dataclass", "OrderedDict", "defaultdict", "Counter", "deque", "partial",
    "itemgetter", "cache", "lru_cache", "wraps", "property", "classmethod", "staticmethod", "Decimal", "Fraction", "timedelta",
}
# Types whose names as annotations do nothing.
PLAIN_TYPES = {
    "int", "str", "float", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset", "object", "type", "complex",
}
