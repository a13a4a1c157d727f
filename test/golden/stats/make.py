#!/usr/bin/env python3
"""Golden rank statistics: scipy's, and tau-a by its definition. Run: python3 make.py > golden.json (numpy, scipy)."""
import json
import math
import sys

import numpy as np
from scipy import stats


def generated(n, levels, seed):
    """x and y as integers by a small linear congruential generator, so that any language can make them again."""
    state, out = seed, []
    for _ in range(2 * n):
        state = (state * 1103515245 + 12345) % 2147483648
        out.append((state >> 8) % levels)
    x, y = out[:n], out[n:]
    return x, [(a + b) % levels if i % 3 else a for i, (a, b) in enumerate(zip(x, y))]


def tau_a(x, y):
    n = len(x)
    if n < 2:
        return None
    x, y = np.asarray(x, float), np.asarray(y, float)
    total = 0
    for i in range(n - 1):
        total += int(np.sum(np.sign(x[i] - x[i + 1:]) * np.sign(y[i] - y[i + 1:])))
    return total / (n * (n - 1) / 2)


def clean(value):
    return None if value is None or not math.isfinite(value) else float(value)


def statistics(x, y):
    pairs = [(a, b) for a, b in zip(x, y) if a is not None and b is not None]
    xs, ys = [a for a, _ in pairs], [b for _, b in pairs]
    with np.errstate(all="ignore"):
        import warnings
        warnings.simplefilter("ignore")
        if len(xs) < 2:
            return {"tauA": None, "tauB": None, "spearman": None, "pearson": None}
        return {"tauA": clean(tau_a(xs, ys)), "tauB": clean(stats.kendalltau(xs, ys).statistic),
                "spearman": clean(stats.spearmanr(xs, ys).statistic), "pearson": clean(stats.pearsonr(xs, ys).statistic)}


cases = {
    "n = 0": ([], []), "n = 1": ([1], [2]), "n = 2, agree": ([1, 2], [3, 4]), "n = 2, tied": ([1, 1], [3, 4]),
    "constant x": ([5, 5, 5, 5], [1, 2, 3, 4]), "constant both": ([5, 5, 5], [1, 1, 1]),
    "reversed": ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]), "ties in both": ([1, 2, 2, 3, 3, 3], [1, 1, 2, 3, 3, 1]),
    "NaN on either side": ([1, None, 3, 4, 5, 2], [2, 3, None, 5, 4, 1]), "NaN leaves one": ([1, None], [None, 2]),
    "nearly equal floats": ([0.1 + 0.2, 0.3, 0.1], [1.0, 1.0 + 1e-16, 0.5]),
}
rows = [{"name": k, "x": x, "y": y, "expected": statistics(x, y)} for k, (x, y) in cases.items()]
for n, levels, seed in ((100, 10, 1), (1000, 100000, 2), (15625, 500, 3), (15625, 1000000, 4)):
    x, y = generated(n, levels, seed)
    rows.append({"name": f"{n} pairs, {levels} levels", "generate": [n, levels, seed], "expected": statistics(x, y)})
json.dump({"cases": rows}, sys.stdout, indent=1)
print()
