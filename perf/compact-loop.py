"""What people do without nas-bench: a Python loop over the raw files, in as many processes as asked.

usage: compact-loop.py FOLDER PROCESSES     every file through bz2 and pickle; keeps the last three epochs
       compact-loop.py FILE.pth             pickle.load of a legacy .pth as a whole
Prints JSON: {"files", "seconds", "cpuSeconds", "peakMemoryMiB"}. Needs numpy (the pickles hold numpy scalars).
"""
import bz2, json, os, pickle, resource, sys, time
from multiprocessing import Pool


def rows(path):
    with open(path, "rb") as f:
        record = pickle.loads(bz2.decompress(f.read()))
    out = []
    for results in record.values():
        for (dataset, seed), run in results["all_results"].items():
            epochs = run["epochs"]
            for epoch in range(epochs - 3, epochs):
                out.append((dataset, "train", seed, epoch, run["train_acc1es"][epoch], run["train_losses"][epoch]))
                for split in run["eval_names"]:
                    key = "%s@%d" % (split, epoch)
                    if key in run["eval_acc1es"]:
                        out.append((dataset, split, seed, epoch, run["eval_acc1es"][key], run["eval_losses"][key]))
    return out


def main():
    start = time.perf_counter()
    if os.path.isdir(sys.argv[1]):
        names = sorted(n for n in os.listdir(sys.argv[1]) if n[0].isdigit())
        paths = [os.path.join(sys.argv[1], n) for n in names]
        with Pool(int(sys.argv[2])) as pool:
            # imap, so that the parent does not hold back; close and join, so that the children's times are counted.
            files = sum(1 for _ in pool.imap(rows, paths, chunksize=64))
            pool.close()
            pool.join()
    else:
        with open(sys.argv[1], "rb") as f:
            for _ in range(3):
                pickle.load(f)
            files = len(pickle.load(f)["arch2infos"])
    seconds = time.perf_counter() - start
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"files": files, "seconds": seconds,
                      "cpuSeconds": own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
                      "peakMemoryMiB": round(max(own.ru_maxrss, children.ru_maxrss) / 1024)}))


main()
