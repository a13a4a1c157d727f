"""Points around the line y = 2x - 1."""
import json
import random

from pipe_stage import out, params

draw = random.Random(params["seed"])
xs = [draw.uniform(-1, 1) for _ in range(50)]
points = [[x, 2 * x - 1 + draw.gauss(0, params["noise"])] for x in xs]
out("points").write_text(json.dumps(points))
