"""The peer in perf/train.ts: the parity test's network in PyTorch, channels last, a strictly fair step for each line."""

import json
import os
import sys
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../test/parity'))
from reference import SuperNetwork  # noqa: E402

setting = json.loads(sys.argv[1])
torch.set_num_threads(setting['threads'])
torch.manual_seed(0)
config = {
    'channels': setting['channels'],
    'cellsPerStage': setting['cellsPerStage'],
    'nodeReduce': 'mean',
    'countPadding': False,
    'linearTransformer': 'none',
    'affine': False,
    'perEdge': [[0, 1, 2, 3, 4]] * 6,
}
network = SuperNetwork(config).to(memory_format=torch.channels_last)
network.train()
weights = [p for p in network.parameters() if p.dim() > 1]
others = [p for p in network.parameters() if p.dim() == 1]
optimizer = torch.optim.SGD(
    [{'params': weights, 'weight_decay': 3e-4}, {'params': others, 'weight_decay': 0.0}], lr=0.025, momentum=0.9
)
batch, side = setting['batch'], setting['side']
images = torch.rand(batch, 3, side, side).mul(2).sub(1).to(memory_format=torch.channels_last)
targets = torch.arange(batch) % 10
print('ready', flush=True)
for line in sys.stdin:
    paths = json.loads(line)
    start = time.perf_counter()
    for path in paths:
        torch.nn.functional.cross_entropy(network(images, path), targets).backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    print((time.perf_counter() - start) * 1000, flush=True)
