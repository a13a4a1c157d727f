"""Builds the wheel of `pipe_stage` with the standard library alone, so that pip needs neither network nor setuptools.

The hooks are PEP 517's. The same source gives a wheel of the same bytes: entries are sorted, stored, and bear one date.
"""

import ast
import base64
import hashlib
import io
import os
import tarfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGE = "pipe_stage"
SHIPPED = (".py", ".typed")


def _project():
    """The `[project]` table of pyproject.toml. Python 3.9 has no tomllib: its values here are literals of Python as well."""
    table, inside = {}, False
    for line in _read("pyproject.toml").decode("utf-8").splitlines():
        if line.startswith("["):
            inside = line.strip() == "[project]"
        elif inside and line.strip() and not line.startswith("#"):
            key, _, value = line.partition("=")
            table[key.strip()] = ast.literal_eval(value.strip())
    return table


def _read(path):
    with open(os.path.join(ROOT, *path.split("/")), "rb") as file:
        return file.read()


def _files(folder):
    names = sorted(os.listdir(os.path.join(ROOT, *folder.split("/"))))
    return ["%s/%s" % (folder, name) for name in names if name.endswith(SHIPPED)]


def _metadata(project):
    lines = [
        "Metadata-Version: 2.4",
        "Name: " + project["name"],
        "Version: " + project["version"],
        "Summary: " + project["description"],
        "License-Expression: " + project["license"],
    ]
    lines += ["Classifier: " + one for one in project["classifiers"]]
    lines.append("Requires-Python: " + project["requires-python"])
    return ("\n".join(lines) + "\n").encode("utf-8")


def _record(path, data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode("ascii")
    return "%s,sha256=%s,%d\n" % (path, digest, len(data))


def _wheel(directory, sources):
    project = _project()
    info = "%s-%s.dist-info" % (PACKAGE, project["version"])
    entries = sources + [
        (info + "/METADATA", _metadata(project)),
        (info + "/WHEEL", b"Wheel-Version: 1.0\nGenerator: pipe-stage\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ]
    record = "".join(_record(path, data) for path, data in entries) + info + "/RECORD,,\n"
    entries.append((info + "/RECORD", record.encode("utf-8")))
    name = "%s-%s-py3-none-any.whl" % (PACKAGE, project["version"])
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_STORED) as wheel:
        for path, data in entries:
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            # Unix, so that the mode is read on every system alike.
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes the wheel into `wheel_directory` and returns its name."""
    return _wheel(wheel_directory, [(path[len("src/") :], _read(path)) for path in _files("src/" + PACKAGE)])


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Writes a wheel that points to the sources, for `pip install -e` (PEP 660), and returns its name."""
    return _wheel(wheel_directory, [(PACKAGE + ".pth", (os.path.join(ROOT, "src") + "\n").encode("utf-8"))])


def build_sdist(sdist_directory, config_settings=None):
    """Writes the archive of sources into `sdist_directory` and returns its name."""
    project = _project()
    base = "%s-%s" % (PACKAGE, project["version"])
    paths = ["pyproject.toml"] + _files("builder") + _files("src/" + PACKAGE)
    entries = [("PKG-INFO", _metadata(project))] + [(path, _read(path)) for path in paths]
    with tarfile.open(os.path.join(sdist_directory, base + ".tar.gz"), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for path, data in entries:
            entry = tarfile.TarInfo(base + "/" + path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return base + ".tar.gz"
