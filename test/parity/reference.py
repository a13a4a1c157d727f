"""
The super-network in plain PyTorch, written from the study's description and not from our code, as the other side of
the parity test: reference.py JOB.json RESULT.safetensors. Needs torch and numpy; reads safetensors by hand.
"""

import json
import math
import struct
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
NAMES = ['zero', 'skip', 'conv1x1', 'conv3x3', 'pool']


def read_safetensors(path):
    raw = open(path, 'rb').read()
    (size,) = struct.unpack('<Q', raw[:8])
    header = json.loads(raw[8 : 8 + size])
    body = raw[8 + size :]
    tensors = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        start, end = entry['data_offsets']
        values = np.frombuffer(body[start:end], dtype='<f4').reshape(entry['shape'])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


def write_safetensors(path, tensors):
    header, body = {}, b''
    for name, tensor in tensors.items():
        values = np.ascontiguousarray(tensor.detach().numpy(), dtype='<f4')
        header[name] = {
            'dtype': 'F32',
            'shape': list(values.shape),
            'data_offsets': [len(body), len(body) + values.nbytes],
        }
        body += values.tobytes()
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + body)


class ConvNorm(nn.Module):
    def __init__(self, size, channels, affine):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, size, padding=size // 2, bias=False)
        self.bn = nn.BatchNorm2d(channels, affine=affine)

    def forward(self, x):
        return self.bn(self.conv(F.relu(x)))


class Skip(nn.Module):
    def __init__(self, channels, transform):
        super().__init__()
        if transform:
            self.transformer = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, x):
        return self.transformer(x) if hasattr(self, 'transformer') else x


class Pool(Skip):
    def __init__(self, channels, transform, count_padding):
        super().__init__(channels, transform)
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=count_padding)

    def forward(self, x):
        return super().forward(self.pool(x))


class Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


class Cell(nn.Module):
    def __init__(self, channels, config, per_edge):
        super().__init__()
        self.mean = config['nodeReduce'] == 'mean'
        transformer = config['linearTransformer']
        affine = config['affine']

        def operation(name):
            if name == 'zero':
                return Zero()
            if name == 'skip':
                return Skip(channels, transformer != 'none')
            if name == 'pool':
                return Pool(channels, transformer == 'skip+pool', config['countPadding'])
            return ConvNorm(int(name[-1]), channels, affine)

        self.edges = nn.ModuleList(
            nn.ModuleDict({NAMES[i]: operation(NAMES[i]) for i in per_edge[edge]}) for edge in range(6)
        )

    def forward(self, x, architecture):
        nodes = [x]
        for node in range(1, 4):
            inputs = [
                self.edges[edge][NAMES[architecture[edge]]](nodes[source])
                for edge, (source, target) in enumerate(EDGES)
                if target == node
            ]
            total = sum(inputs)
            nodes.append(total / len(inputs) if self.mean else total)
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(2 * channels)
        self.conv2 = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(2 * channels)
        self.shortcut = nn.Conv2d(channels, 2 * channels, 1, bias=False)

    def forward(self, x):
        main = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(F.relu(x))))))
        return main + self.shortcut(F.avg_pool2d(x, 2, stride=2))


class Stem(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.bn(self.conv(x))


class Stage(nn.Module):
    def __init__(self, channels, config, per_edge):
        super().__init__()
        self.cells = nn.ModuleList(Cell(channels, config, per_edge) for _ in range(config['cellsPerStage']))


class Head(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, 10)

    def forward(self, x):
        return self.linear(F.relu(self.bn(x)).mean((2, 3)))


class SuperNetwork(nn.Module):
    def __init__(self, config):
        super().__init__()
        channels = config['channels']
        per_edge = config['perEdge']
        self.stem = Stem(channels)
        self.stages = nn.ModuleList(Stage(channels * 2**i, config, per_edge) for i in range(3))
        self.reductions = nn.ModuleList(Reduction(channels * 2**i) for i in range(2))
        self.head = Head(channels * 4)

    def forward(self, x, path):
        """`path`: one architecture a normal cell."""
        x = self.stem(x)
        path = iter(path)
        for i, stage in enumerate(self.stages):
            if i > 0:
                x = self.reductions[i - 1](x)
            for cell in stage.cells:
                x = cell(x, next(path))
        return self.head(x)


def load(config, tensors, prefix):
    network = SuperNetwork(config)
    state = {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    assert all(name.endswith('num_batches_tracked') for name in missing), missing
    return network


def cross_entropy(logits, targets):
    return -(targets * F.log_softmax(logits, 1)).sum(1).mean()


def statistics(network, prefix, out):
    for name, value in network.state_dict().items():
        if name.endswith(('running_mean', 'running_var')):
            out[prefix + name] = value.clone()


def run_gradients(job, inputs, out):
    network = load(job['config'], inputs, job['weights'])
    network.train()
    images, targets = inputs[job['images']], inputs[job['targets']]
    logits = network(images, job['path'])
    loss = cross_entropy(logits, targets)
    loss.backward()
    prefix = job['name'] + '/'
    out[prefix + 'logits'] = logits
    out[prefix + 'loss'] = loss.reshape(1)
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            out[prefix + 'gradient/' + name] = parameter.grad.clone()
    statistics(network, prefix + 'statistics/', out)


def run_evaluation(job, inputs, out):
    network = load(job['config'], inputs, job['weights'])
    images = inputs[job['images']]
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        if job['mode'] == 'recalibrated':
            for norm in norms:
                norm.reset_running_stats()
                norm.momentum = None
            network.train()
            for name in job['recalibration']:
                network(inputs[name], job['path'])
        network.train(job['mode'] == 'batch')
        out[job['name'] + '/logits'] = network(images, job['path'])


def run_steps(job, inputs, out):
    network = load(job['config'], inputs, job['weights'])
    network.train()
    options = job['options']
    weights = {
        id(module.weight) for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))
    }
    optimizer = torch.optim.SGD(
        [
            {
                'params': [p for p in network.parameters() if id(p) in weights],
                'weight_decay': options['weightDecay'],
            },
            {'params': [p for p in network.parameters() if id(p) not in weights], 'weight_decay': 0.0},
        ],
        lr=options['lr'],
        momentum=options['momentum'],
    )
    optimizer.zero_grad(set_to_none=False)
    for number, (path, rate) in enumerate(zip(job['paths'], job['rates'])):
        images, targets = inputs[job['batches'][number][0]], inputs[job['batches'][number][1]]
        cross_entropy(network(images, path), targets).backward()
        if (number + 1) % job['period'] == 0:
            for group in optimizer.param_groups:
                group['lr'] = rate
            if options['clipNorm'] is not None:
                nn.utils.clip_grad_norm_(network.parameters(), options['clipNorm'])
            optimizer.step()
            optimizer.zero_grad(set_to_none=False)
    prefix = job['name'] + '/'
    for name, parameter in network.named_parameters():
        out[prefix + 'weight/' + name] = parameter
        state = optimizer.state.get(parameter, {}).get('momentum_buffer')
        if state is not None:
            out[prefix + 'momentum/' + name] = state
    statistics(network, prefix + 'statistics/', out)


def run_rates(job, inputs, out):
    options = job['options']
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=options['lr'])
    warm = options['warmupEpochs']
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, options['epochs'] - warm, eta_min=options['finalLr']
    )
    if warm > 0:
        rise = torch.optim.lr_scheduler.LinearLR(optimizer, 1 / warm, 1.0, total_iters=warm - 1)
        schedule = torch.optim.lr_scheduler.SequentialLR(optimizer, [rise, schedule], [warm])
    rates = []
    for _ in range(options['epochs']):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        schedule.step()
    out[job['name'] + '/rates'] = torch.tensor(rates)


RUN = {'gradients': run_gradients, 'evaluation': run_evaluation, 'steps': run_steps, 'rates': run_rates}


def main():
    torch.set_num_threads(1)
    job_file, result_file = sys.argv[1:3]
    work = json.load(open(job_file))
    inputs = read_safetensors(work['inputs'])
    # Images are kept channels last between the two sides.
    inputs = {
        name: value.permute(0, 3, 1, 2).contiguous() if name.startswith('images/') else value
        for name, value in inputs.items()
    }
    out = {}
    for job in work['jobs']:
        RUN[job['kind']](job, inputs, out)
    assert all(math.isfinite(float(value.detach().abs().sum())) for value in out.values())
    write_safetensors(result_file, out)


if __name__ == '__main__':
    main()
