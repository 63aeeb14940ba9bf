"""Products of Hessians and Gauss-Newton matrices of models with tangents; no matrix is formed.

A tangent is a model too: the change of each part. J is the derivative of the dense tensor by the
parts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import matricize
from tenrso_ad.decomposition.least_squares import Blocks, checked_data
from tenrso_ad.decomposition.models import CPTensor, Model
from tenrso_ad.decomposition.models.base import conjugate
from tenrso_ad.decomposition.models.foreign import as_model
from tenrso_ad.decomposition.products import aligned
from tenrso_ad.decomposition.reconstruction import gradient, pull_halves, root_products
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.ops.declare import ones_like
from tenrso_ad.transforms import jvp

__all__ = ["LossHessian", "gauss_newton_vp"]

Elementwise = Callable[[Any, Any], Any]


def gauss_newton_vp(model: Any, tangent: Any) -> Any:
    """Multiply a tangent by the Gauss-Newton matrix J^T J of a model.

    It is half the Hessian of the squared error, where the error is zero; no data enter it.

    Parameters
    ----------
    model : CPTensor, TuckerTensor, TTTensor or TensorRing
        Where the derivative is taken.
    tangent : the same
        Of the same format, shape and ranks.

    Returns
    -------
    the same
        The product, of the structure of the tangent; of a complex model that with J^H J. It is
        singular along changes of the parts that keep the tensor. The dense tensor is not formed:
        O(sum(I_n) R^2 + N R^2) operations for CP, O(sum(I_n) r^3) for trains.

    Raises
    ------
    ShapeError
        Where the tangent is not of the model's structure.

    References
    ----------
    Phan, Tichavsky and Cichocki, Low complexity damped Gauss-Newton algorithms for
    CANDECOMP/PARAFAC, SIAM Journal on Matrix Analysis and Applications 34 (2013).

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([1.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]])])
    >>> tangent = CPTensor([0.0], [np.array([[1.0], [0.0]]), np.array([[0.0], [0.0]])])
    >>> gauss_newton_vp(model, tangent).factors[0].ravel()
    array([2., 0.])
    """
    model = as_model("gauss_newton_vp", model)
    tangent = _checked_tangent("gauss_newton_vp", model, tangent)
    if isinstance(model, CPTensor):
        return _cp_gauss_newton(model, tangent)
    # J^T z is linear in z, for which the model itself is put, which changes along the tangent
    return jvp(lambda other: gradient(model, other), (model,), (tangent,))[1]


class LossHessian:
    """The Hessian of a loss of a model against dense data, as a linear map of tangents.

    Parameters
    ----------
    tensor : array_like, SparseTensor or model, shape (I_1, ..., I_N)
        The data, real. With a mask, entries outside it may hold anything, NaN too.
    model : CPTensor, TuckerTensor, TTTensor or TensorRing
        Where the derivatives are taken.
    loss : callable, optional
        ``loss(x, m)`` of arrays of entries of the data and of the model, elementwise, written in
        functions of NumPy or of this library; its derivatives are taken from it. By default the
        squared error, ``(x - m)**2``.
    mask : array_like of bool, shape (I_1, ..., I_N), optional
        True where an entry is observed.
    weights : array_like, shape (I_1, ..., I_N), optional
        The weight of each entry's loss.

    Raises
    ------
    ArgumentError
        Where sparse data or a model in the place of data come with a loss, mask or weights.
    DTypeError, ShapeError
        As `squared_error` does.

    Notes
    -----
    For the squared error of all entries neither the model nor its error is formed, and what the two
    contractions with the data leave at this model is kept, so that a product costs two more: about
    as much as a gradient. Otherwise each product goes through the data in blocks.

    References
    ----------
    Acar, Dunlavy and Kolda (2011); Singh, Ma, Zhang and Solomonik, Comparison of accuracy and
    scalability of Gauss-Newton and alternating least squares for CANDECOMP/PARAFAC decomposition
    (2021).

    Examples
    --------
    >>> import numpy as np
    >>> model = CPTensor([1.0], [np.array([[1.0], [2.0]]), np.array([[1.0], [1.0]])])
    >>> tangent = CPTensor([0.0], [np.array([[1.0], [0.0]]), np.array([[0.0], [0.0]])])
    >>> hessian = LossHessian(np.zeros((2, 2)), model)
    >>> hessian(tangent).factors[1].ravel()
    array([4., 4.])
    >>> hessian.gauss_newton(tangent).factors[1].ravel()
    array([2., 2.])
    """

    def __init__(
        self,
        tensor: Any,
        model: Any,
        loss: Elementwise | None = None,
        mask: Any = None,
        weights: Any = None,
    ) -> None:
        self.model, self._loss = as_model("LossHessian", model), loss
        tensor, mask, weights = checked_data("LossHessian", tensor, self.model, mask, weights)
        self._expanded = loss is None and mask is None and weights is None
        self._tensor, self._roots = tensor, None
        if isinstance(tensor, Model) or hasattr(tensor, "layout"):
            if not self._expanded:
                raise ArgumentError(
                    "LossHessian: a loss, mask or weights want a dense tensor, "
                    f"got a {type(tensor).__name__}"
                )
            self._point, self._order = self.model, list(range(self.model.ndim))
            return
        tensor, self._point, self._order = aligned(tensor, self.model)
        cut = self._point.cut
        mask, weights = (
            None if values is None else matricize(values.transpose(self._order), cut)
            for values in (mask, weights)
        )
        self._blocks = Blocks(matricize(tensor, cut), mask, weights)
        if self._expanded:
            self._roots = root_products(self._point, tensor)

    def __call__(self, tangent: Any) -> Any:
        """Multiply a tangent by the Hessian.

        Parameters
        ----------
        tangent : model
            Of the model's format, shape and ranks.

        Returns
        -------
        model
            The product, of the same structure; exact.
        """
        tangent = self._turned(tangent)
        if self._expanded:
            product = self._of_expanded_error(tangent)
        else:
            product = self._of_blocks(tangent, exact=True)
        return self._back(product)

    def gauss_newton(self, tangent: Any) -> Any:
        """Multiply a tangent by J^T D J, with the second derivatives of the loss in D.

        Parameters
        ----------
        tangent : model
            Of the model's format, shape and ranks.

        Returns
        -------
        model
            The product, of the same structure. For a convex loss the matrix has no negative
            eigenvalues; for the squared error it is twice that of `gauss_newton_vp`.
        """
        tangent = self._turned(tangent)
        if self._expanded:
            product = tree.map(lambda part: 2 * part, gauss_newton_vp(self._point, tangent))
        else:
            product = self._of_blocks(tangent, exact=False)
        return self._back(product)

    def _turned(self, tangent: Any) -> Any:
        """The tangent with its modes as the data have theirs in memory."""
        tangent = _checked_tangent("LossHessian", self.model, tangent)
        return tangent if self._order == sorted(self._order) else tangent.transpose(self._order)

    def _back(self, product: Any) -> Any:
        if self._order == sorted(self._order):
            return product
        return product.transpose([self._order.index(mode) for mode in range(len(self._order))])

    def _of_expanded_error(self, tangent: Any) -> Any:
        """The derivative of ``2 (J^T model - J^T tensor)`` along the tangent."""
        point = self._point
        _, of_model = jvp(lambda m: gradient(m, m), (point,), (tangent,))
        if self._roots is None:
            _, of_data = jvp(lambda m: gradient(m, self._tensor), (point,), (tangent,))
        else:
            _, (left, right) = jvp(type(point).halves, (point,), (tangent,))
            matrix = self._blocks.tensor
            moved = tnp.matmul(matrix, right.T), tnp.matmul(left.T, matrix)
            _, of_data = jvp(pull_halves, (point, *self._roots), (tangent, *moved))
        return tree.map(lambda fro, to: 2 * (fro - to), of_model, of_data)

    def _of_blocks(self, tangent: Any, exact: bool) -> Any:
        """Two products with each block of slopes and of their changes.

        With slopes S and their changes C along the tangent, the gradients in the halves (L, R) are
        S R^T and L^T S, and their changes C R^T + S dR^T and L^T C + dL^T S.
        """
        (left, right), (moved_left, moved_right) = jvp(
            type(self._point).halves, (self._point,), (tangent,)
        )
        slopes, changes = [], []
        for down, across in self._blocks.parts():
            a, b, da, db = left[down], right[:, across], moved_left[down], moved_right[:, across]
            change = tnp.add(tnp.matmul(da, b), tnp.matmul(a, db))
            slope, curvature = self._derivatives(tnp.matmul(a, b), down, across)
            change = tnp.multiply(curvature, change)
            by_left, by_right = tnp.matmul(change, b.T), tnp.matmul(a.T, change)
            if exact:
                by_left = tnp.add(by_left, tnp.matmul(slope, db.T))
                by_right = tnp.add(by_right, tnp.matmul(da.T, slope))
                slopes.append((tnp.matmul(slope, b.T), tnp.matmul(a.T, slope)))
            changes.append((by_left, by_right))
        moved = self._blocks.gathered(*map(list, zip(*changes, strict=True)))
        if not exact:
            return pull_halves(self._point, *moved)
        roots = self._blocks.gathered(*map(list, zip(*slopes, strict=True)))
        return jvp(pull_halves, (self._point, *roots), (tangent, *moved))[1]

    def _derivatives(self, model: Any, down: slice, across: slice) -> tuple[Any, Any]:
        """The first and second derivative of the loss by the model, in a block."""
        data = self._blocks.tensor[down, across]
        mask = None if self._blocks.mask is None else self._blocks.mask[down, across]
        if mask is not None:  # a value that no loss minds stands where nothing is observed
            data = tnp.where(mask, data, tnp.ones_like(data))
            model = tnp.where(mask, model, tnp.ones_like(model))
        if self._loss is None:
            slope, curvature = 2 * tnp.subtract(model, data), 2 * ones_like(model)
        else:
            slope, curvature = _twice_differentiated(self._loss, data, model)
        if mask is not None:
            slope, curvature = (tnp.where(mask, part, 0) for part in (slope, curvature))
        if self._blocks.weights is not None:
            scale = self._blocks.weights[down, across]
            slope, curvature = (tnp.multiply(scale, part) for part in (slope, curvature))
        return slope, curvature


def _twice_differentiated(loss: Elementwise, data: Any, model: Any) -> tuple[Any, Any]:
    """The first and second derivative of an elementwise function by its second argument."""
    along = (ones_like(model),)

    def slope(m: Any) -> Any:
        return jvp(lambda n: loss(data, n), (m,), along)[1]

    first, second = jvp(slope, (model,), along)
    return first, second


def _checked_tangent(operation: str, model: Any, tangent: Any) -> Any:
    """A tangent of the structure of a model."""
    tangent = as_model(operation, tangent)
    wanted, got = ([tuple(part.shape) for part in tree.leaves(m)] for m in (model, tangent))
    if type(tangent) is not type(model) or wanted != got:
        raise ShapeError(f"{operation}: wanted a tangent like {model}, got {tangent}")
    return tangent


def _cp_gauss_newton(model: CPTensor, tangent: CPTensor) -> CPTensor:
    """J^H J of a CP tensor by Gram matrices, and their changes along the tangent.

    With G_n = A_n^H A_n, C_n = A_n^H V_n and Gamma_n the product of all G but G_n, the change of
    Gamma_n is S_n, the sum over m of C_m times the product of all G but G_n and G_m.
    """
    pairs = []
    for factor, moved in zip(model.factors, tangent.factors, strict=True):
        adjoint = conjugate(factor).T
        pairs.append((tnp.matmul(adjoint, factor), tnp.matmul(adjoint, moved)))
    weights, moved_weights = model.weights, tangent.weights
    scale = conjugate(weights)[:, None]
    by_factors = []
    for (others, change), factor, moved in zip(
        _changing_products(pairs), model.factors, tangent.factors, strict=True
    ):
        along_factor = scale * (others * moved_weights + change * weights)
        along_moved = scale * (others * weights)
        by_factors.append(
            tnp.add(tnp.matmul(factor, along_factor.T), tnp.matmul(moved, along_moved.T))
        )
        last = others, change
    whole, change = _changing_product(last, pairs[-1])
    by_weights = tnp.add(tnp.matmul(whole, moved_weights), tnp.matmul(change, weights))
    return CPTensor(by_weights, tuple(by_factors))


def _changing_product(first: tuple[Any, Any], second: tuple[Any, Any]) -> tuple[Any, Any]:
    """The product of two matrices that change, entrywise, and its change."""
    (a, da), (b, db) = first, second
    return tnp.multiply(a, b), tnp.add(tnp.multiply(a, db), tnp.multiply(da, b))


def _changing_products(pairs: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """For each place the entrywise product of the other matrices, and its change."""
    before, after = [pairs[0]], [pairs[-1]]
    for pair in pairs[1:-1]:
        before.append(_changing_product(before[-1], pair))
    for pair in pairs[-2:0:-1]:
        after.append(_changing_product(pair, after[-1]))
    middle = [_changing_product(b, a) for b, a in zip(before[:-1], after[-2::-1], strict=True)]
    return [after[-1], *middle, before[-1]]
