"""Fits y = a·x + b to points by gradient descent."""


def loss_of(line, points):
    """Mean squared distance of the points from the line (a, b)."""
    a, b = line
    return sum((a * x + b - y) ** 2 for x, y in points) / len(points)


def gradient(line, points):
    """By a and by b."""
    a, b = line
    errors = [(a * x + b - y, x) for x, y in points]
    n = len(points)
    return 2 * sum(e * x for e, x in errors) / n, 2 * sum(e for e, _ in errors) / n


def descend(points, rate, momentum, steps):
    """Yields the line after each step, from (0, 0) on."""
    line, speed = (0.0, 0.0), (0.0, 0.0)
    for _ in range(steps):
        slope = gradient(line, points)
        speed = tuple(momentum * v - rate * g for v, g in zip(speed, slope))
        line = tuple(p + v for p, v in zip(line, speed))
        yield line
