"""The dense tensor of a model, and its vector-Jacobian product without a tape."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array, check_mode, matricize, mode_dot, mttkrps
from tenrso_ad.decomposition.models import CPTensor, Model, TTTensor, TuckerTensor, chains
from tenrso_ad.decomposition.models.base import conjugate
from tenrso_ad.decomposition.models.foreign import as_model, is_model
from tenrso_ad.decomposition.models.tucker import multiplied
from tenrso_ad.decomposition.products import aligned, product
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.engine.errors import ShapeError
from tenrso_ad.ops.declare import is_complex, zeros_like
from tenrso_ad.transforms import vjp

__all__ = ["CPReconstructionVJP", "TTReconstructionVJP", "TuckerReconstructionVJP"]

M = TypeVar("M", bound=Model)


class _ReconstructionVJP(Generic[M]):
    """A model, its dense tensor, and the gradients that a cotangent of it gives."""

    def __init__(self, model: M) -> None:
        self.model = as_model(type(self).__name__, model)

    @property
    def value(self) -> Any:
        """The dense tensor."""
        return self.model.to_dense()

    def _checked(self, cotangent: Any) -> Any:
        """The cotangent as an array or a model; raises where its shape is another."""
        if is_model(cotangent):
            cotangent = as_model(type(self).__name__, cotangent)
        else:
            cotangent = as_array(cotangent)
        if tuple(cotangent.shape) != self.model.shape:
            raise ShapeError(
                f"{type(self).__name__}: wanted a cotangent of shape {self.model.shape}, "
                f"got {tuple(cotangent.shape)}"
            )
        return cotangent

    def _modes(self, modes: Sequence[int] | None) -> list[int]:
        """The modes asked for, all of them by default."""
        order = self.model.ndim
        if modes is None:
            return list(range(order))
        return [check_mode(type(self).__name__, mode, order) for mode in modes]


class CPReconstructionVJP(_ReconstructionVJP[CPTensor]):
    """The reconstruction of a CP tensor, and the gradients that a cotangent of it gives.

    Parameters
    ----------
    model : CPTensor
        The model that is reconstructed.

    Attributes
    ----------
    model : CPTensor
        The same.
    value : ndarray or Tensor, shape ``model.shape``
        The dense tensor.

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([2.0], [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [5.0]])])
    >>> pull = CPReconstructionVJP(model)
    >>> gradient = pull(np.ones((2, 3)))
    >>> gradient.weights, gradient.factors[0].ravel(), gradient.factors[1].ravel()
    (array([36.]), array([24., 24.]), array([6., 6., 6.]))
    """

    def __call__(
        self, cotangent: Any, *, weights: bool = True, modes: Sequence[int] | None = None
    ) -> CPTensor:
        """Return the gradients in the weights and in the factors.

        Parameters
        ----------
        cotangent : array_like, shape ``model.shape``, or model
            The gradient in the dense tensor, itself dense or a model of any format.
        weights : bool, optional
            Whether the gradient in the weights is wanted.
        modes : sequence of int, optional
            The modes whose factors want a gradient; all by default.

        Returns
        -------
        CPTensor
            The gradient in the weights, shape (R,), and those in the factors, shapes (I_n, R);
            differentiable in the cotangent and the model. Two matrix products with a dense
            cotangent give them all. What is not wanted is zero, and takes no time.

        Raises
        ------
        ShapeError
            Where the cotangent does not have the shape of the model.
        """
        return cp_gradient(self.model, self._checked(cotangent), self._modes(modes), weights)


class TuckerReconstructionVJP(_ReconstructionVJP[TuckerTensor]):
    """The reconstruction of a Tucker tensor, and the gradients that a cotangent of it gives.

    Parameters
    ----------
    model : TuckerTensor
        The model that is reconstructed.

    Attributes
    ----------
    model : TuckerTensor
        The same.
    value : ndarray or Tensor, shape ``model.shape``
        The dense tensor.

    Examples
    --------
    >>> import numpy as np
    >>> model = TuckerTensor([[2.0]], [np.array([[1.0], [2.0]]), np.array([[3.0], [4.0], [5.0]])])
    >>> gradient = TuckerReconstructionVJP(model)(np.ones((2, 3)))
    >>> gradient.core, gradient.factors[0].ravel(), gradient.factors[1].ravel()
    (array([[36.]]), array([24., 24.]), array([6., 6., 6.]))
    """

    def __call__(
        self, cotangent: Any, *, core: bool = True, modes: Sequence[int] | None = None
    ) -> TuckerTensor:
        """Return the gradients in the core and in the factors.

        Parameters
        ----------
        cotangent : array_like, shape ``model.shape``, or model
            The gradient in the dense tensor, itself dense or a model of any format.
        core : bool, optional
            Whether the gradient in the core is wanted.
        modes : sequence of int, optional
            The modes whose factors want a gradient; all by default.

        Returns
        -------
        TuckerTensor
            The gradients in the core and the factors, of their shapes; differentiable in the
            cotangent and the model. Two matrix products with a dense cotangent, along its mode of
            smallest rank, leave something smaller for all the others. What is not wanted is zero.

        Raises
        ------
        ShapeError
            Where the cotangent does not have the shape of the model.
        """
        return tucker_gradient(self.model, self._checked(cotangent), self._modes(modes), core)


class TTReconstructionVJP(_ReconstructionVJP[TTTensor]):
    """The reconstruction of a tensor train, and the gradients that a cotangent of it gives.

    Parameters
    ----------
    model : TTTensor
        The model that is reconstructed.

    Attributes
    ----------
    model : TTTensor
        The same.
    value : ndarray or Tensor, shape ``model.shape``
        The dense tensor.

    Examples
    --------
    >>> import numpy as np
    >>> model = TTTensor([np.array([[[1.0], [2.0]]]), np.array([[[3.0], [4.0], [5.0]]])])
    >>> gradient = TTReconstructionVJP(model)(np.ones((2, 3)))
    >>> [core.ravel() for core in gradient.cores]
    [array([12., 12.]), array([3., 3., 3.])]
    """

    def __call__(self, cotangent: Any, *, modes: Sequence[int] | None = None) -> TTTensor:
        """Return the gradients in the cores.

        Parameters
        ----------
        cotangent : array_like, shape ``model.shape``, or model
            The gradient in the dense tensor, itself dense or a model of any format.
        modes : sequence of int, optional
            The modes whose cores want a gradient; all by default.

        Returns
        -------
        TTTensor
            The gradients in the cores, of their shapes; differentiable in the cotangent and the
            model. Two matrix products with a dense cotangent give them all; with another train it
            is O(sum(I_n) r^3). What is not wanted is zero.

        Raises
        ------
        ShapeError
            Where the cotangent does not have the shape of the model.
        """
        cores = self.model.cores
        wanted = self._modes(modes)
        return TTTensor(train_gradient(cores, cores, self._checked(cotangent), wanted))


def gradient(model: Any, cotangent: Any) -> Any:
    """The gradients in the parts of a model of any format, for a dense or decomposed cotangent."""
    modes = range(model.ndim)
    if isinstance(model, CPTensor):
        return cp_gradient(model, cotangent, modes)
    sparse = isinstance(cotangent, SparseTensor)
    if isinstance(model, TuckerTensor) and not sparse:
        return tucker_gradient(model, cotangent, modes)
    if isinstance(model, TTTensor) and not sparse:
        return TTTensor(train_gradient(model.cores, model.cores, cotangent, modes))
    if sparse or is_model(cotangent):
        return _pull_product(model, cotangent)
    return pull_halves(model, *root_products(model, cotangent))


def root_products(model: Any, cotangent: Any) -> tuple[Any, Any]:
    """The gradients in the two halves of a model: the two products with a dense cotangent."""
    left, right = model.halves()
    matrix = matricize(cotangent, model.cut)
    return (
        tnp.matmul(matrix, conjugate(right).T),
        tnp.matmul(conjugate(left).T, matrix),
    )


def pull_halves(model: Any, by_left: Any, by_right: Any) -> Any:
    """The gradients in the parts of a model, given those in its halves."""
    (pulled,) = vjp(type(model).halves, model)[1]((by_left, by_right))
    return pulled


def _pull_product(model: Any, cotangent: Any) -> Any:
    """The gradients in the parts of a model by way of its inner product with the cotangent."""
    value, pull = vjp(lambda m: product(cotangent, m.conj()), model)
    (pulled,) = pull(tnp.ones_like(value))
    return pulled


# --- CP -------------------------------------------------------------------------------------------


def cp_gradient(
    model: CPTensor, cotangent: Any, modes: Collection[int], weights: bool = True
) -> CPTensor:
    """The gradients in weights and factors, zero where they are not asked for."""
    factors = [conjugate(factor) for factor in model.factors]
    wanted = sorted(modes) if modes or not weights else [0]
    found = dict(zip(wanted, mttkrps(cotangent, factors, wanted), strict=True))
    scale = conjugate(model.weights)
    by_weights = zeros_like(model.weights)
    if weights:
        mode = wanted[0]
        by_weights = tnp.sum(tnp.multiply(found[mode], factors[mode]), axis=0)
    by_factors = [
        tnp.multiply(found[mode], scale) if mode in modes else zeros_like(factor)
        for mode, factor in enumerate(factors)
    ]
    return CPTensor(by_weights, tuple(by_factors))


# --- Tucker ---------------------------------------------------------------------------------------


def tucker_gradient(
    model: TuckerTensor, cotangent: Any, modes: Collection[int], core: bool = True
) -> TuckerTensor:
    """The gradients in core and factors, zero where they are not asked for."""
    adjoints = [conjugate(factor).T for factor in model.factors]
    if is_model(cotangent):
        by_core, by_factors = _tucker_against_model(model, cotangent, adjoints, modes, core)
    else:
        cotangent, turned, order = aligned(cotangent, model)
        places = [place for place, mode in enumerate(order) if mode in modes]
        by_core, found = _tucker_against_dense(turned, cotangent, places, core)
        back = [order.index(mode) for mode in range(len(order))]
        by_factors = {order[place]: value for place, value in found.items()}
        by_core = by_core if by_core is None else tnp.transpose(by_core, tuple(back))
    return TuckerTensor(
        zeros_like(model.core) if by_core is None else by_core,
        tuple(by_factors.get(mode, zeros_like(f)) for mode, f in enumerate(model.factors)),
    )


def _tucker_against_dense(
    model: Any, cotangent: Any, modes: Collection[int], core: bool
) -> tuple[Any, dict[int, Any]]:
    """Take the cotangent down to the core mode by mode, the core up to the tensor in reverse.

    Where they meet, each gives the gradient of one factor. The first mode costs the most: it is
    the one of smallest rank.
    """
    order = sorted(range(model.ndim), key=lambda mode: model.ranks[mode])
    if not core:  # then the last mode need not be contracted; unwanted modes go first
        order = sorted(order, key=lambda mode: mode in modes)
    grown = [model.core]  # the core multiplied along the last k modes of the order
    for mode in order[:0:-1]:
        grown.append(mode_dot(grown[-1], model.factors[mode], mode))
    by_factors = {}
    for step, mode in enumerate(order):
        if mode in modes:
            by_factors[mode] = _unfolded_product(cotangent, conjugate(grown[-1 - step]), mode)
        if core or step < len(order) - 1:
            cotangent = mode_dot(cotangent, conjugate(model.factors[mode]).T, mode)
    return cotangent if core else None, by_factors


def _unfolded_product(first: Any, second: Any, mode: int) -> Any:
    """Two tensors summed over all modes but one, shape (I, R)."""
    before = math.prod(first.shape[:mode])
    first = tnp.reshape(first, (before, first.shape[mode], -1))
    second = tnp.reshape(second, (before, second.shape[mode], -1))
    return tnp.einsum("aib,arb->ir", first, second)


def _tucker_against_model(
    model: Any, cotangent: Any, adjoints: Sequence[Any], modes: Collection[int], core: bool
) -> tuple[Any, dict[int, Any]]:
    """The cotangent along all factors but one is small and dense, and that times the core."""
    by_core = cotangent.mode_products(adjoints).to_dense() if core else None
    by_factors = {}
    for mode in modes:
        others = [None if m == mode else adjoint for m, adjoint in enumerate(adjoints)]
        if isinstance(cotangent, TuckerTensor):  # its own factor of the mode need not be formed
            small = cotangent.mode_products(others)
            middle = multiplied(
                small.core, [None if m == mode else f for m, f in enumerate(small.factors)]
            )
            square = _unfolded_product(middle, conjugate(model.core), mode)
            by_factors[mode] = tnp.matmul(small.factors[mode], square)
        else:
            dense = cotangent.mode_products(others).to_dense()
            by_factors[mode] = _unfolded_product(dense, conjugate(model.core), mode)
    return by_core, by_factors


# --- tensor train ---------------------------------------------------------------------------------


def train_gradient(
    lefts: Sequence[Any], rights: Sequence[Any], cotangent: Any, modes: Collection[int]
) -> tuple[Any, ...]:
    """For each core the cotangent contracted with left cores before it and right cores after it.

    The gradient of a train has its own cores on both sides; a tangent space has left-orthogonal
    ones before and right-orthogonal ones after.
    """
    if is_complex(lefts[0]):
        lefts, rights = ([conjugate(core) for core in side] for side in (lefts, rights))
    if is_model(cotangent):
        found = _train_against_train(lefts, rights, cotangent.to_tt().cores, modes)
    else:
        cotangent, _, order = aligned(cotangent, TTTensor(tuple(lefts)))
        if order[0] == 0:
            found = _train_against_dense(lefts, rights, cotangent, modes)
        else:
            last = len(order) - 1
            found = _train_against_dense(
                chains.turned(rights), chains.turned(lefts), cotangent, [last - m for m in modes]
            )
            found = {last - m: tnp.transpose(core, (2, 1, 0)) for m, core in found.items()}
    return tuple(
        found[mode] if mode in modes else zeros_like(core) for mode, core in enumerate(lefts)
    )


def _train_against_dense(
    lefts: Sequence[Any], rights: Sequence[Any], cotangent: Any, modes: Collection[int]
) -> dict[int, Any]:
    """Two products with the cotangent, and for each half a sweep over what they leave."""
    if len(lefts) == 1:
        return {0: tnp.reshape(cotangent, lefts[0].shape)}
    cut = TTTensor(tuple(lefts)).cut
    before, after = chains.prefixes(lefts[:cut]), chains.suffixes(rights[cut:])
    matrix = matricize(cotangent, cut)
    found = {}
    if any(mode < cut for mode in modes):
        flow = tnp.matmul(matrix, after[0].T)
        for mode in range(cut - 1, min(modes) - 1, -1):
            rank, length, outer = lefts[mode].shape
            flow = tnp.reshape(flow, (-1, length * rights[mode].shape[2]))
            if mode in modes:
                left = before[mode - 1].T if mode else None
                core = flow if left is None else tnp.matmul(left, flow)
                found[mode] = tnp.reshape(core, (rank, length, rights[mode].shape[2]))
            if mode > min(modes):
                flow = tnp.matmul(flow, tnp.reshape(rights[mode], (rights[mode].shape[0], -1)).T)
    if any(mode >= cut for mode in modes):
        flow = tnp.matmul(before[-1].T, matrix)
        for mode in range(cut, max(modes) + 1):
            rank, length, outer = rights[mode].shape
            flow = tnp.reshape(flow, (lefts[mode].shape[0] * length, -1))
            if mode in modes:
                place = mode - cut + 1
                core = tnp.matmul(flow, after[place].T) if place < len(after) else flow
                found[mode] = tnp.reshape(core, (lefts[mode].shape[0], length, outer))
            if mode < max(modes):
                flow = tnp.matmul(tnp.reshape(lefts[mode], (-1, lefts[mode].shape[2])).T, flow)
    return found


def _train_against_train(
    lefts: Sequence[Any], rights: Sequence[Any], cores: Sequence[Any], modes: Collection[int]
) -> dict[int, Any]:
    """Gram matrices of the left cores with the cotangent's, and of the right ones, meet."""
    last = len(cores) - 1
    from_left = {0: None}
    for mode in range(max(modes, default=0)):
        if mode == 0:
            from_left[1] = tnp.matmul(lefts[0][0].T, cores[0][0])
        else:
            from_left[mode + 1] = chains.advance(from_left[mode], lefts[mode], cores[mode])
    from_right = {last: None}
    for mode in range(last, min(modes, default=last), -1):
        if mode == last:
            ends = tnp.matmul(rights[mode][:, :, 0], cores[mode][:, :, 0].T)
            from_right[mode - 1] = ends
        else:
            from_right[mode - 1] = chains.retreat(from_right[mode], rights[mode], cores[mode])
    found = {}
    for mode in modes:
        core = cores[mode]
        if from_left[mode] is not None:
            core = mode_dot(core, from_left[mode], 0)
        if from_right[mode] is not None:
            core = mode_dot(core, from_right[mode], 2)
        found[mode] = core
    return found
