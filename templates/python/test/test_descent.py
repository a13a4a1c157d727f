"""`python3 -m unittest discover test`"""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lib.descent import descend, loss_of


class Descent(unittest.TestCase):
    points = [(x / 10, 2 * x / 10 - 1) for x in range(-10, 11)]

    def test_the_line_is_found(self):
        *_, (a, b) = descend(self.points, rate=0.3, momentum=0, steps=200)
        self.assertAlmostEqual(a, 2, places=6)
        self.assertAlmostEqual(b, -1, places=6)

    def test_every_step_lowers_the_loss(self):
        losses = [loss_of(line, self.points) for line in descend(self.points, 0.05, 0, 20)]
        self.assertEqual(losses, sorted(losses, reverse=True))


if __name__ == "__main__":
    unittest.main()
