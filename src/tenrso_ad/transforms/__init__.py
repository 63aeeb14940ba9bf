"""Functions of functions: gradients, Jacobians, Hessians, vmap, custom derivatives."""

from .custom import custom_jvp, custom_vjp
from .gradients import grad, hvp, jvp, stop_gradient, value_and_grad, vjp
from .jacobians import hessian, hessian_diagonal, jacfwd, jacobian, jacrev
from .mapping import vmap

__all__ = [
    "custom_jvp",
    "custom_vjp",
    "grad",
    "hessian",
    "hessian_diagonal",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]
