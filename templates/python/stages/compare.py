"""The losses of both methods: a table, a figure and two numbers."""
import json
from statistics import mean, stdev

from pipe_stage import gathered, out, planned

losses = {}
curves = []
for path, axes in gathered("results"):
    result = json.loads(path.read_text())
    losses.setdefault(axes["method"], []).append(result["losses"][-1])
    curves += [{"method": axes["method"], "seed": axes["seed"], "step": i, "loss": x} for i, x in enumerate(result["losses"])]

out("metrics").write_text(json.dumps({f"loss_{method}": mean(values) for method, values in losses.items()}))
seeds = planned("results") // len(losses)
table = {
    "title": "Loss after the last step",
    "caption": "Mean squared error, over the seeds.",
    "columns": [
        {"name": "method", "label": "Method", "kind": "text"},
        {"name": "loss", "label": "Loss", "kind": "spread", "digits": 4, "better": "lower"},
    ],
    "rows": [
        {"method": method, "loss": {"mean": mean(v), "std": stdev(v) if len(v) > 1 else None, "n": len(v), "planned": seeds}}
        for method, v in losses.items()
    ],
    "notes": [],
}
out("table").write_text(json.dumps(table))
figure = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "usermeta": {"pipe": {"title": "Loss by step", "caption": "A line per seed.", "section": "Training", "order": 1}},
    "data": {"values": curves},
    "mark": "line",
    "encoding": {
        "x": {"field": "step", "type": "quantitative"},
        "y": {"field": "loss", "type": "quantitative", "scale": {"type": "log"}},
        "color": {"field": "method", "type": "nominal"},
        "detail": {"field": "seed"},
    },
}
out("figures").mkdir()
(out("figures") / "loss.vl.json").write_text(json.dumps(figure))
