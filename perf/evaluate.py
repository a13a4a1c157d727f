"""
The plain evaluation loop in PyTorch that perf/evaluate.ts measures against: every architecture forwards every batch.
evaluate.py JOB.json prints {"seconds": …, "accuracies": […]}; the import and the loading of files are not timed.
"""

import json
import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'test' / 'parity'))
from reference import load, read_safetensors  # noqa: E402

job = json.load(open(sys.argv[1]))
torch.set_num_threads(job['threads'])
inputs = read_safetensors(job['inputs'])
images = inputs['images/validation'].permute(0, 3, 1, 2).contiguous()
labels = torch.tensor(job['labels'])
network = load(job['config'], inputs, 'w/')
network.eval()
if job['channelsLast']:
    network, images = network.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)


def accuracy(architecture):
    path = [architecture] * (3 * job['config']['cellsPerStage'])
    hits = 0
    for start in range(0, len(images), job['batchSize']):
        logits = network(images[start : start + job['batchSize']], path)
        hits += int((logits.argmax(1) == labels[start : start + job['batchSize']]).sum())
    return 100 * hits / len(images)


with torch.no_grad():
    accuracy(job['architectures'][0])
    began = time.perf_counter()
    accuracies = [accuracy(architecture) for architecture in job['architectures']]
    seconds = time.perf_counter() - began
print(json.dumps({'seconds': seconds, 'accuracies': accuracies}))
