"""The canonical text of a pickle, the same as test/nas/bench/canonical.ts writes, and the golden digests made with it.

usage: canonical.py DATA_FOLDER > digests.json
DATA_FOLDER holds meta.pickle.pbz2, 000000.pickle.pbz2, 000284.pickle.pbz2 of NATS-tss-v1_0-3ffb9-simple. Needs numpy.
"""
import bz2, hashlib, json, os, pickle, struct, sys
import numpy as np


def write(value, out):
    if value is None:
        out.append("N")
    elif isinstance(value, (bool, np.bool_)):
        out.append("T" if value else "F")
    elif isinstance(value, (float, np.floating)):
        out.append("f" + struct.pack(">d", float(value)).hex())
    elif isinstance(value, (int, np.integer)):
        out.append("i%d" % value)
    elif isinstance(value, str):
        data = value.encode()
        out.append("s%d:%s" % (len(data), value))
    elif isinstance(value, bytes):
        out.append("b" + value.hex())
    elif isinstance(value, (set, frozenset)):
        out.append("S(%d)" % len(value))
        for item in sorted(value):
            write(item, out)
    elif isinstance(value, dict):
        out.append("D(%d)" % len(value))
        for key, item in value.items():
            write(key, out)
            write(item, out)
    elif isinstance(value, (list, tuple)):
        out.append("%s(%d)" % ("L" if isinstance(value, list) else "U", len(value)))
        for item in value:
            write(item, out)
    else:
        raise TypeError(type(value))


def canonical(value):
    out = []
    write(value, out)
    return "\n".join(out)


def main():
    folder = sys.argv[1]
    digests = {}
    for name in ("meta", "000000", "000284"):
        raw = bz2.decompress(open(os.path.join(folder, name + ".pickle.pbz2"), "rb").read())
        text = canonical(pickle.loads(raw)).encode()
        digests[name] = {"unpackedSha256": hashlib.sha256(raw).hexdigest(), "unpackedBytes": len(raw),
                         "canonicalSha256": hashlib.sha256(text).hexdigest(), "canonicalLines": text.count(b"\n") + 1}
    json.dump(digests, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
