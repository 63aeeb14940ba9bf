"""Every problem, by every case: its value alone, and its value with all gradients."""

import tenrso_ad as ta

from .problems import CASES, problem
from .timing import best_time


class Gradients:
    params = (list(CASES),)
    param_names = ("case",)

    def setup(self, case):
        loss, self.arrays = problem(case)
        self.value = lambda *arrays: loss(ta.numpy, *arrays)
        every = tuple(range(len(self.arrays)))
        self.value_and_gradient = ta.value_and_grad(self.value, argnums=every)
        self.elements = sum(array.size for array in self.arrays)

    def time_value(self, case):
        self.value(*self.arrays)

    def time_value_and_gradient(self, case):
        self.value_and_gradient(*self.arrays)

    def peakmem_value_and_gradient(self, case):
        self.value_and_gradient(*self.arrays)

    def track_throughput(self, case):
        return self.elements / best_time(lambda: self.value_and_gradient(*self.arrays))

    track_throughput.unit = "elements/s"
