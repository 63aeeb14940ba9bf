"""Building a graph of 10 to 200 operations: on a tape, and as a staged Graph; no backward pass."""

import tenrso_ad as ta
from tenrso_ad.engine.staging import stage

from .problems import problem
from .timing import best_time


class Construction:
    params = ([10, 50, 100, 200],)
    param_names = ("operations",)

    def setup(self, operations):
        self.loss, (self.x,) = problem(f"chain/{operations}")

    def record(self):
        with ta.Tape():
            return self.loss(ta.numpy, ta.tensor(self.x))

    def stage(self):
        return stage(lambda x: [self.loss(ta.numpy, x)], self.x)

    def time_record(self, operations):
        self.record()

    def time_stage(self, operations):
        self.stage()

    def track_record_throughput(self, operations):
        return operations / best_time(self.record)

    track_record_throughput.unit = "operations/s"
