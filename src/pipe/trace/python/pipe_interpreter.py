"""The interpreter that a stage runs with: its version, the names of its own modules, and what is installed for it."""

import hashlib
import json
import os
import re
import sys
import sysconfig
from importlib import machinery, metadata
from urllib.parse import unquote, urlparse


def environment(searched):
    """`searched`: the folders in which it looks for modules."""
    sys.path.extend(searched)
    installed, editable, distributions = {}, set(), {}
    for distribution in metadata.distributions(path=list(searched)):
        name = distribution.metadata["Name"]
        # The first one on the path is the one that is imported.
        if name is None or normal(name) in distributions:
            continue
        direct = direct_url(distribution)
        tops = top_names(distribution)
        distributions[normal(name)] = {
            "name": name,
            "version": distribution.version + content_of(distribution, direct),
            "needs": needs(distribution),
        }
        for top in tops:
            installed.setdefault(top, []).append(normal(name))
            if direct.get("dir_info", {}).get("editable"):
                editable.add(top)
    return {
        "version": version(),
        "executable": os.path.realpath(sys.executable),
        "standard": sorted(getattr(sys, "stdlib_module_names", ()) or builtin_names()),
        "installed": installed,
        "distributions": distributions,
        "local": {top: place for top, place in ((top, place_of(top)) for top in sorted(editable)) if place},
        "folders": [os.path.realpath(path) for path in searched if path and os.path.isdir(path)],
        "foreign": [os.path.realpath(path) for path in searched if path and os.path.isdir(path) and is_foreign(path)],
        "suffixes": machinery.EXTENSION_SUFFIXES,
    }


def version():
    own = ".".join(str(part) for part in sys.version_info[:3])
    if sys.implementation.name == "cpython":
        return own
    of = ".".join(str(part) for part in sys.implementation.version[:3])
    return "%s (%s %s)" % (own, sys.implementation.name, of)


def is_foreign(path):
    """Neither Python's own nor where packages are installed: a .pth file or a variable leads there."""
    paths = sysconfig.get_paths()
    own = {os.path.realpath(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    real = os.path.realpath(path)
    return real not in own and not real.endswith("-packages") and os.path.basename(real) != "lib-dynload"


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def needs(distribution):
    """What it needs, extras aside: a package does what those that it calls do."""
    found = set()
    for requirement in distribution.requires or []:
        name = re.match(r"[A-Za-z0-9._-]+", requirement)
        if name and not re.search(r"\bextra\s*==", requirement):
            found.add(normal(name.group()))
    return sorted(found)


def direct_url(distribution):
    try:
        found = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def content_of(distribution, direct):
    """A version says nothing of a package that was built from a folder, a file or a commit."""
    url = str(direct.get("url", ""))
    commit = direct.get("vcs_info", {}).get("commit_id")
    if commit:
        return " (commit %s)" % commit
    if url.startswith("file:"):
        record = distribution.read_text("RECORD") or ""
        lines = sorted(line for line in record.splitlines() if ".dist-info/" not in line and ".pyc" not in line)
        return " (local %s)" % hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    return ""


def place_of(top):
    """Where the sources of an editable install are, by the finders that it installed; nothing of it is imported."""
    from importlib.util import find_spec

    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    file = os.path.realpath(spec.origin) if spec.origin and os.path.isfile(spec.origin) else None
    folders = [os.path.realpath(path) for path in spec.submodule_search_locations or []]
    return {"file": file, "folders": [path for path in folders if os.path.isdir(path)]}


def builtin_names():
    """Python 3.9 has no list of its own modules."""
    folder = os.path.dirname(os.__file__)
    names = set(sys.builtin_module_names)
    for place in (folder, os.path.join(folder, "lib-dynload")):
        for entry in os.listdir(place) if os.path.isdir(place) else []:
            if not entry.endswith("-packages"):
                names.add(entry.split(".")[0])
    return names


def top_names(distribution):
    text = distribution.read_text("top_level.txt")
    if text:
        return sorted({line.strip().split("/")[0] for line in text.splitlines() if line.strip()})
    names = set()
    for file in distribution.files or []:
        parts = file.parts
        if not parts or parts[0].endswith((".dist-info", ".data", ".egg-info", ".pth")) or parts[0] in ("..", "__pycache__", "bin"):
            continue
        name = parts[0].split(".")[0] if len(parts) == 1 else parts[0]
        if name.isidentifier():
            names.add(name)
    editable = "" if names else str(urlparse(unquote(str(direct_url(distribution).get("url", "")))).path)
    fallback = distribution.metadata["Name"].replace("-", "_")
    return sorted(names) or sorted({fallback, fallback.lower(), os.path.basename(editable)} - {""})
