"""Tail probabilities and quantiles of Student's t and false discovery rates, by scipy. Writes student.json beside this."""
import json
import pathlib

from scipy import stats

normal = 1e9
tail, quantile = [], []
for df in (1, 2, 3.7, 4, 9, 19, 100.5, normal):
    law = stats.norm if df == normal else stats.t(df)
    tail += [[t, df, float(law.sf(t))] for t in (0, 0.1, 0.7, 1.5, 2.9, 6, 30)]
    quantile += [[p, df, float(law.isf(p))] for p in (0.5, 0.2, 0.05, 0.025, 0.001)]
p = [0.001, 0.3, 0.04, 0.012, 0.04, 0.9, 0.0004]
golden = {"tail": tail, "quantile": quantile, "p": p, "falseDiscovery": [float(x) for x in stats.false_discovery_control(p)]}
pathlib.Path(__file__).with_name("student.json").write_text(json.dumps(golden) + "\n")
