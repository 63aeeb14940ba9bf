"""Checking the gradient of a function of 10 to 30 variables against differences."""

import numpy as np

import tenrso_ad as ta


def coupled(x):
    """Each variable meets its neighbour, so that the Hessian is not diagonal."""
    return ta.numpy.sum(ta.numpy.sin(x[:-1]) * x[1:] ** 2)


class CheckGradients:
    params = ([10, 20, 30], [1, 2])
    param_names = ("variables", "order")

    def setup(self, variables, order):
        self.x = np.random.default_rng(0).standard_normal(variables)

    def time_check_gradients(self, variables, order):
        ta.testing.check_gradients(coupled, (self.x,), order=order)
