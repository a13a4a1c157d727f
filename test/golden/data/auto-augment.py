"""Makes auto-augment.json with PIL (tested with Pillow 12): python3 test/golden/data/auto-augment.py > …/auto-augment.json"""

import base64
import json

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

FILL = (125, 123, 114)


def affine(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, fillcolor=FILL)


OPERATIONS = {
    'shearX': lambda image, amount: affine(image, (1, amount, 0, 0, 1, 0)),
    'shearY': lambda image, amount: affine(image, (1, 0, 0, amount, 1, 0)),
    'translateX': lambda image, amount: affine(image, (1, 0, amount, 0, 1, 0)),
    'translateY': lambda image, amount: affine(image, (1, 0, 0, 0, 1, amount)),
    'rotate': lambda image, amount: image.rotate(amount, fillcolor=FILL),
    'autoContrast': lambda image, _: ImageOps.autocontrast(image),
    'invert': lambda image, _: ImageOps.invert(image),
    'equalize': lambda image, _: ImageOps.equalize(image),
    'solarize': lambda image, amount: ImageOps.solarize(image, amount),
    'posterize': lambda image, amount: ImageOps.posterize(image, amount),
    'contrast': lambda image, amount: ImageEnhance.Contrast(image).enhance(amount),
    'color': lambda image, amount: ImageEnhance.Color(image).enhance(amount),
    'brightness': lambda image, amount: ImageEnhance.Brightness(image).enhance(amount),
    'sharpness': lambda image, amount: ImageEnhance.Sharpness(image).enhance(amount),
}
AMOUNTS = {
    'shearX': [0.1, -0.3],
    'shearY': [0.3 * 7 / 9, -0.3 * 8 / 9, 0.3],
    'translateX': [7, -6, 14],
    'translateY': [2, -7, -14],
    'rotate': [30 * 2 / 9, -30 * 2 / 9, 30],
    'autoContrast': [0],
    'invert': [0],
    'equalize': [0],
    'solarize': [256 - 256 * 2 / 9, 256 - 256 * 5 / 9, 256 - 256 * 8 / 9],
    'posterize': [5, 8, 4],
    'contrast': [1.6, 0.4, 1],
    'color': [1.3, 0.3, 1.9, 0.1],
    'brightness': [1.7, 0.4],
    'sharpness': [1.1, 0.9, 1.9, 0.1, 1.6, 0.4],
}


def images():
    random = np.random.default_rng(7)
    for side in (16, 32):
        # A soft gradient with noise: neither flat nor only noise, and not the full range, so that contrast has work.
        ramp = np.linspace(30, 180, side)
        base = np.stack([ramp[:, None] + 0 * ramp, 0 * ramp[:, None] + ramp, (ramp[:, None] + ramp) / 2], -1)
        yield side, np.clip(base + random.normal(0, 18, base.shape), 0, 240).astype(np.uint8)


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


golden = []
for side, pixels in images():
    image = Image.fromarray(pixels, 'RGB')
    cases = [
        {'operation': name, 'amount': amount, 'result': encode(np.asarray(OPERATIONS[name](image, amount)))}
        for name, amounts in AMOUNTS.items()
        for amount in amounts
    ]
    golden.append({'side': side, 'image': encode(pixels), 'cases': cases})
print(json.dumps(golden, indent=1))
