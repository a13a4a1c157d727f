"""A small .pth of the legacy layout, written by Python's own pickler: `synthetic-pth.py OUT N`.

Records are tiny and share objects with far earlier ones, as a benchmark saved from one process may.
"""
import pickle, sys
from collections import OrderedDict

out, n = sys.argv[1], int(sys.argv[2])
names = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
archs = []
for i in range(n):
    d = [i // 5**k % 5 for k in range(6)]
    o = [names[x] for x in d]
    archs.append("|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|" % tuple(o))
shared = {}
infos = {}
for i in range(n):
    def run(epochs):
        # Every 7th record is the one that later ones share their losses with.
        losses = shared.setdefault(i // 700, {e: i + e / 8 for e in range(epochs)}) if epochs == 3 else None
        return {"name": "cifar10", "epochs": epochs, "train_acc1es": {e: (i % 90) + e for e in range(epochs)},
                "train_losses": losses or {e: 0.5 for e in range(epochs)}, "train_times": OrderedDict(),
                "eval_names": ["ori-test"], "eval_acc1es": {"ori-test@%d" % (epochs - 1): float(i % 100)},
                "eval_losses": {}, "latency": [], "params": None, "flop": None}
    def record(epochs):
        return {"arch_index": i, "arch_str": archs[i], "all_results": {("cifar10", 777): run(epochs)}}
    # Some have one schedule only: a dict of a single item is pickled in another way.
    infos[i] = {"full": record(3)} if i % 3 == 0 else {"full": record(3), "less": record(2)}
with open(out, "wb") as f:
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True},
                 {"meta_archs": archs, "total_archs": n, "arch2infos": infos, "evaluated_indexes": set(range(n))}, []):
        pickle.dump(part, f, protocol=2)
