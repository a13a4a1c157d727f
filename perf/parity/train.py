"""
One training of the study's small setting in plain PyTorch, and its predictions: train.py JOB.json RESULT.json.
The network is the parity test's, written from the study's description; initialisation, order, crops, flips and paths are
PyTorch's and Python's own draws, so that a seed here has nothing in common with the same seed on our side but its number.
"""

import json
import os
import random
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../test/parity'))
from reference import SuperNetwork  # noqa: E402

MEAN = torch.tensor([0.49139968, 0.48215827, 0.44653124]).view(1, 3, 1, 1)
STD = torch.tensor([0.24703233, 0.24348505, 0.26158768]).view(1, 3, 1, 1)


def load_images(job, part):
    """uint8, channels first, and the labels."""
    side = job['side']
    pixels = np.fromfile(job[part]['pixels'], dtype=np.uint8).reshape(-1, side, side, 3)
    labels = np.fromfile(job[part]['labels'], dtype=np.uint8).astype(np.int64)
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(labels)


def normalise(images):
    return (images.float() / 255 - MEAN) / STD


def augment(images, padding):
    """Black pixels around, a random window of the old size, mirrored half of the time."""
    count, _, side, _ = images.shape
    padded = F.pad(images, (padding,) * 4)
    flipped = torch.rand(count) < 0.5
    steps = torch.arange(side)
    ys = torch.randint(2 * padding + 1, (count, 1)) + steps
    xs = torch.where(flipped[:, None], side - 1 - steps, steps) + torch.randint(2 * padding + 1, (count, 1))
    window = padded[torch.arange(count)[:, None, None], :, ys[:, :, None], xs[:, None, :]]
    return normalise(window.permute(0, 3, 1, 2))


class StrictlyFair:
    """A queue of operations per edge, filled again with a random order of them when it is empty."""

    def __init__(self, operations):
        self.operations = operations
        self.queues = [[] for _ in range(6)]

    def next(self):
        path = []
        for queue in self.queues:
            if not queue:
                queue.extend(random.sample(self.operations, len(self.operations)))
            path.append(queue.pop())
        return path


def train(job, network):
    options = job['train']
    pixels, labels = load_images(job, 'training')
    decayed = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() == 1]
    optimizer = torch.optim.SGD(
        [{'params': decayed, 'weight_decay': options['weightDecay']}, {'params': others, 'weight_decay': 0.0}],
        lr=options['lr'],
        momentum=options['momentum'],
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options['epochs'], eta_min=options['finalLr'])
    sampler = StrictlyFair(job['operations'])
    cells = 3 * job['config']['cellsPerStage']
    network.train()
    batches = 0
    for _ in range(options['epochs']):
        order = torch.randperm(len(labels))
        loss_sum = hits = 0
        for start in range(0, len(order), options['batchSize']):
            chosen = order[start : start + options['batchSize']]
            logits = network(augment(pixels[chosen], job['cropPadding']), [sampler.next()] * cells)
            loss = F.cross_entropy(logits, labels[chosen])
            loss.backward()
            loss_sum += loss.item() * len(chosen)
            hits += int((logits.argmax(1) == labels[chosen]).sum())
            batches += 1
            if batches % len(job['operations']) == 0:
                optimizer.step()
                optimizer.zero_grad(set_to_none=False)
        schedule.step()
    return loss_sum / len(labels), 100 * hits / len(labels)


def predict(job, network):
    """In pieces that fit the cache and channels last: several times faster, and the same numbers but for the last bits."""
    pixels, labels = load_images(job, 'validation')
    images = normalise(pixels).to(memory_format=torch.channels_last)
    pieces = list(zip(images.split(125), labels.split(125)))
    cells = 3 * job['config']['cellsPerStage']
    network.to(memory_format=torch.channels_last).eval()
    with torch.inference_mode():

        def accuracy(architecture):
            path = [architecture] * cells
            hits = sum(int((network(part, path).argmax(1) == truth).sum()) for part, truth in pieces)
            return round(100 * hits / len(labels), 6)

        return [accuracy(architecture) for architecture in job['architectures']]


def main():
    job_file, result_file = sys.argv[1:3]
    job = json.load(open(job_file))
    torch.set_num_threads(1)
    torch.manual_seed(job['seed'])
    random.seed(job['seed'])
    network = SuperNetwork(job['config'])
    start = time.process_time()
    loss, accuracy = train(job, network)
    trained = time.process_time()
    predicted = predict(job, network)
    result = {
        'version': f'PyTorch {torch.__version__}',
        'loss': loss,
        'accuracy': accuracy,
        'trainSeconds': round(trained - start, 1),
        'evaluateSeconds': round(time.process_time() - trained, 1),
        'predicted': predicted,
    }
    json.dump(result, open(result_file, 'w'))


if __name__ == '__main__':
    main()
