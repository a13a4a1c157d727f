"""The rows that nas-bench must make of the real files, by Python's own pickle.

usage: rows.py DATA_FOLDER > rows.json     (DATA_FOLDER as for canonical.py; needs numpy)
"""
import bz2, json, os, pickle, sys


def main():
    out = {"rows": [], "archs": []}
    for index in (0, 284):
        path = os.path.join(sys.argv[1], "%06d.pickle.pbz2" % index)
        record = pickle.loads(bz2.decompress(open(path, "rb").read()))
        latencies, times, params, flops = [], [], None, None
        for schedule in ("200", "12"):
            for (dataset, seed), run in record[schedule]["all_results"].items():
                epochs = run["epochs"]
                for split in ["train"] + run["eval_names"]:
                    for epoch in range(epochs - 3, epochs):
                        key = epoch if split == "train" else "%s@%d" % (split, epoch)
                        accuracy = run["train_acc1es" if split == "train" else "eval_acc1es"].get(key)
                        loss = run["train_losses" if split == "train" else "eval_losses"].get(key)
                        if accuracy is not None:
                            out["rows"].append([index, dataset, split, epochs, epoch, seed, accuracy, loss])
                if dataset in ("cifar10", "cifar10-valid"):
                    latencies += [float(v) for v in run["latency"]]
                    params = params or round(float(run["params"]) * 1e6)
                    flops = flops or run["flop"]
                    if dataset == "cifar10" and epochs == 200:
                        times.append(sum(run["train_times"].values()))
        out["archs"].append({"index": index, "params": params, "flops": flops,
                             "latency": sum(latencies) / len(latencies), "trainSeconds": sum(times) / len(times)})
    rows = ",\n".join(json.dumps(row) for row in out["rows"])
    archs = ",\n".join(json.dumps(arch) for arch in out["archs"])
    print('{"rows": [\n%s\n],\n"archs": [\n%s\n]}' % (rows, archs))


if __name__ == "__main__":
    main()
