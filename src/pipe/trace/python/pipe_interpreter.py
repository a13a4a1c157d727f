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
        head = head_of(distribution)
        name = head.get("name", [None])[0]
        # The first one on the path is the one that is imported.
        if name is None or normal(name) in distributions:
            continue
        direct = direct_url(distribution)
        tops = top_names(distribution, name)
        distributions[normal(name)] = {
            "name": name,
            "version": head.get("version", [""])[0] + content_of(distribution, direct),
            "needs": needs(distribution, head),
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


def head_of(distribution):
    """
    Its fields by their names in small letters, each a list. importlib.metadata parses the whole text, with the description,
    anew for every field that it is asked for: most of what an environment of a hundred packages took to be read.
    """
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or distribution.read_text("") or ""
    fields, values = {}, []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if values:
                values[-1] += "\n" + line.rstrip("\r")
            continue
        # The empty line before the description, or what is no field.
        if not re.match("[!-9;-~]+:", line):
            break
        field, _, value = line.partition(":")
        values = fields.setdefault(field.lower(), [])
        values.append(value.strip())
    return fields


def needs(distribution, head):
    """What it needs, extras aside: a package does what those that it calls do."""
    found = set()
    # An egg says it in a file of its own.
    required = head.get("requires-dist") or (distribution.read_text("requires.txt") and distribution.requires)
    for requirement in required or []:
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


def top_names(distribution, own_name):
    text = distribution.read_text("top_level.txt")
    if text:
        return sorted({line.strip().split("/")[0] for line in text.splitlines() if line.strip()})
    names = set()
    for first, is_whole in first_names(distribution):
        if first.endswith((".dist-info", ".data", ".egg-info", ".pth")) or first in ("..", "__pycache__", "bin"):
            continue
        name = first.split(".")[0] if is_whole else first
        if name.isidentifier():
            names.add(name)
    editable = "" if names else str(urlparse(unquote(str(direct_url(distribution).get("url", "")))).path)
    fallback = own_name.replace("-", "_")
    return sorted(names) or sorted({fallback, fallback.lower(), os.path.basename(editable)} - {""})


def first_names(distribution):
    """Of each installed file the first name of its path, and whether that is all of it."""
    record = distribution.read_text("RECORD")
    if record is None:
        return {(file.parts[0], len(file.parts) == 1) for file in distribution.files or [] if file.parts}
    # Quoted is only what holds a comma or a quote.
    paths = (line[1:].split('",')[0] if line[:1] == '"' else line.split(",")[0] for line in record.splitlines())
    found = set()
    for path in paths:
        first, slash, _ = path.partition("/")
        found.add((first, slash == ""))
    return found
