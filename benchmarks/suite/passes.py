"""A network of 5 to 20 layers: the forward pass, the backward pass, and both."""

import numpy as np

import tenrso_ad as ta

from .problems import problem
from .timing import best_time


class Passes:
    params = ([5, 10, 20],)
    param_names = ("layers",)

    def setup(self, layers):
        loss, self.arrays = problem(f"deep_network/{layers}")
        self.loss = lambda *arrays: loss(ta.numpy, *arrays)
        value, self.pullback = ta.vjp(self.loss, *self.arrays)
        self.cotangent = np.ones_like(value)
        self.elements = sum(array.size for array in self.arrays)

    def forward(self):
        return ta.vjp(self.loss, *self.arrays)

    def backward(self):
        return self.pullback(self.cotangent)

    def both(self):
        _, pullback = ta.vjp(self.loss, *self.arrays)
        return pullback(self.cotangent)

    def time_forward(self, layers):
        self.forward()

    def time_backward(self, layers):
        self.backward()

    def time_both(self, layers):
        self.both()

    def track_forward_throughput(self, layers):
        return self.elements / best_time(self.forward)

    def track_backward_throughput(self, layers):
        return self.elements / best_time(self.backward)

    def track_both_throughput(self, layers):
        return self.elements / best_time(self.both)

    track_forward_throughput.unit = "elements/s"
    track_backward_throughput.unit = "elements/s"
    track_both_throughput.unit = "elements/s"
