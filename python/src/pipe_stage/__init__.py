"""The stage side of pipe: what a Python stage reads and reports.

    from pipe_stage import params, dep, out, metric, progress

    rate = params["train"]["lr"]
    with open(dep("images"), "rb") as images, open(out("weights"), "wb") as weights:
        for step in range(1000):
            ...
            metric("loss", loss, step=step)
            progress(step + 1, 1000, "steps")

A stage is a script, or a function of a module (`run: stages.train:main`) that is called without arguments. Paths come from the
job file, whose form is docs/reference/job-file.md. Started by hand, outside a run, a script uses the job of its last attempt
that pipe left in the project (`PIPE_JOB` names another one); outs then go where that attempt's went, or to `PIPE_OUTS`.

No dependencies; Python 3.9 and later.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, NoReturn, Optional

__all__ = [
    "Gathered",
    "Interrupted",
    "PipeError",
    "checkpoint",
    "dep",
    "gathered",
    "info",
    "metric",
    "out",
    "params",
    "planned",
    "progress",
    "stage",
    "warn",
]
__version__ = "0.2.0"


class PipeError(RuntimeError):
    """The job has no such dep, out or param, or a value cannot be reported."""


class Interrupted(KeyboardInterrupt):
    """The run asks the stage to end: write a checkpoint, then let this pass. Raised between two Python instructions."""


class Gathered(NamedTuple):
    """One item of a gathered dep: the file or folder, and the axis values of the cell that made it."""

    path: Path
    axes: Mapping[str, str]


class _Job:
    """The job file, read at first use, and the event file beside it."""

    def __init__(self) -> None:
        self._data: Optional[Dict[str, Any]] = None
        self._events: Optional[int] = None
        self._lock = threading.Lock()
        self.by_hand = False

    @property
    def data(self) -> Dict[str, Any]:
        if self._data is None:
            path = os.environ.get("PIPE_JOB")
            if path is None:
                path = _last_job()
                self.by_hand = True
            try:
                with open(path, encoding="utf-8") as file:
                    self._data = json.load(file)
            except (OSError, ValueError) as error:
                raise PipeError(f"the job file {path} cannot be read: {error}") from None
        return self._data

    def say(self, event: Dict[str, Any]) -> None:
        if self.by_hand or self.data.get("events") is None:
            print(_by_hand(event), file=sys.stderr)
            return
        line = (json.dumps(event, allow_nan=False) + "\n").encode("utf-8")
        with self._lock:
            if self._events is None:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
                self._events = os.open(self.data["events"], flags, 0o600)
            # One write per line: lines of several threads and processes do not mix.
            os.write(self._events, line)


_job = _Job()


def _last_job() -> str:
    """The newest job file of this script in the project's runs; where none names a script, the newest there is."""
    folder = Path.cwd()
    for project in [folder, *folder.parents]:
        runs = project / "cache" / "runs"
        if runs.is_dir():
            jobs = sorted(runs.glob("*/cells/*/*/job.json"), key=lambda job: job.stat().st_mtime, reverse=True)
            if jobs:
                return str(_of_this_script(jobs, project) or jobs[0])
            break
    raise PipeError(
        "no job: start the stage with `npx pipe run`, or name a job file in PIPE_JOB. "
        "By hand it uses the job of the last run below cache/runs, and there is none here."
    )


def _of_this_script(jobs: List[Path], project: Path) -> Optional[Path]:
    """A command's job does not say what it runs: it comes after those that name this script, and before other scripts'."""
    script = os.path.realpath(sys.argv[0]) if sys.argv[0] else None
    unnamed = None
    for job in jobs:
        try:
            module = json.loads(job.read_text(encoding="utf-8")).get("module")
        except (OSError, ValueError, AttributeError):
            continue
        if module is None:
            unnamed = unnamed or job
        elif script is not None and os.path.realpath(project / module) == script:
            return job
    return unnamed


def _by_hand(event: Dict[str, Any]) -> str:
    kind = event["type"]
    if kind == "metric":
        step = "" if event["step"] is None else f" (step {event['step']})"
        return f"{event['name']} = {event['value']}{step}"
    if kind == "progress":
        return f"{event['done']} of {event['total']} {event['unit']}"
    return f"{event['level']}: {event['text']}"


class _Params(Mapping[str, Any]):
    """The stage's params as pipeline.yaml gives them: numbers, texts, lists and maps. Read only at the top."""

    def __getitem__(self, name: str) -> Any:
        values = _job.data["params"]
        if name not in values:
            raise PipeError(f"no param {name!r}; there are {_list(values)}")
        return values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_job.data["params"])

    def __len__(self) -> int:
        return len(_job.data["params"])

    def __repr__(self) -> str:
        return f"params({_job.data['params']!r})"


params: Mapping[str, Any] = _Params()


def dep(name: str) -> Path:
    """Path of a dep: a file or a folder, read only."""
    found = _dep(name)
    if found["kind"] != "one":
        raise PipeError(f"dep {name!r} is gathered from several cells: use gathered({name!r})")
    return Path(found["path"])


def gathered(name: str) -> List[Gathered]:
    """The items of a gathered dep, in a stable order, each with the axis values of its cell."""
    found = _dep(name)
    if found["kind"] != "gather":
        raise PipeError(f"dep {name!r} is one file or folder: use dep({name!r})")
    return [Gathered(Path(item["path"]), dict(item["axes"])) for item in found["items"]]


def planned(name: str) -> int:
    """How many items of a gathered dep the plan has: more than there are when the gather went on with fewer."""
    found = _dep(name)
    return int(found["planned"]) if found["kind"] == "gather" else 1


def out(name: str) -> Path:
    """Where to write an out. Its parent folder is there; what is written is published when the stage ends well."""
    outs = _job.data["outs"]
    if name not in outs:
        raise PipeError(f"no out {name!r}; there are {_list(outs)}")
    path = Path(outs[name])
    if _job.by_hand:
        path = Path(os.environ.get("PIPE_OUTS", "outs")) / path.name
        path.parent.mkdir(parents=True, exist_ok=True)
    return path


def checkpoint() -> Optional[Path]:
    """A folder that survives an interruption and later runs; None: the stage declares no checkpoint."""
    path = _job.data.get("checkpoint")
    return None if path is None else Path(path)


def axes() -> Mapping[str, Any]:
    """The cell's axis values, by axis."""
    return dict(_job.data["axisValues"])


def metric(name: str, value: float, step: Optional[int] = None) -> None:
    """Reports a number, once or by step. Not a number is not reported as one: that is a PipeError."""
    number = float(value)
    if not math.isfinite(number):
        raise PipeError(f"metric {name!r} is {number}: only finite numbers can be reported")
    _job.say({"type": "metric", "name": str(name), "value": number, "step": None if step is None else int(step)})


def progress(done: float, total: float, unit: str = "steps") -> None:
    """Reports how much is done of how much."""
    _job.say({"type": "progress", "done": float(done), "total": float(total), "unit": str(unit)})


def info(text: str) -> None:
    """Says something worth keeping beside the log."""
    _job.say({"type": "message", "level": "info", "text": str(text)})


def warn(text: str) -> None:
    """Says something that whoever reads the run must know."""
    _job.say({"type": "message", "level": "warning", "text": str(text)})


class stage:  # noqa: N801 (read as a word: stage.gpus)
    """What the job says besides: `stage.cpu()`, `stage.gpus()`."""

    @staticmethod
    def cpu() -> int:
        """Processor cores that the stage declares under `resources`; they are in its key."""
        return int(_job.data["resources"]["cpu"])

    @staticmethod
    def gpus() -> List[int]:
        """Ids of the GPUs that the stage may use; CUDA_VISIBLE_DEVICES holds them already."""
        return list(_job.data["resources"]["gpus"])


def _dep(name: str) -> Dict[str, Any]:
    deps = _job.data["deps"]
    if name not in deps:
        raise PipeError(f"no dep {name!r}; there are {_list(deps)}")
    found: Dict[str, Any] = deps[name]
    return found


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(sorted(names)) or "none"


def _interrupted(number: int, frame: object) -> NoReturn:
    raise Interrupted(f"the run asks the stage to end (signal {number})")


def _listen() -> None:
    """SIGINT and SIGTERM as an exception, where this is the main thread and nobody else listens."""
    if os.environ.get("PIPE_JOB") is None or threading.current_thread() is not threading.main_thread():
        return
    handler: Callable[[int, object], NoReturn] = _interrupted
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, handler)


_listen()
