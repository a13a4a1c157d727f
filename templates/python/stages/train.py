"""Fits a line and keeps the loss after every step."""
import json

from lib.descent import descend, loss_of
from pipe_stage import dep, metric, out, params, progress

points = json.loads(dep("points").read_text())
losses = []
for step, line in enumerate(descend(points, params["rate"], params["momentum"], params["steps"])):
    losses.append(loss_of(line, points))
    metric("loss", losses[-1], step=step)
    progress(step + 1, params["steps"], "steps")
out("result").write_text(json.dumps({"losses": losses, "line": line}))
