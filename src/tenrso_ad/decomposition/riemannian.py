"""Gradients along the manifolds of tensors of fixed rank: tensor trains and Tucker tensors.

A tangent holds the changes of the parts in a gauge that makes them unique, at a point in its normal
form. As a tensor it is a model of twice the ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tenrso_ad import numpy as tnp
from tenrso_ad.decomposition.kernels import as_array
from tenrso_ad.decomposition.models import TTTensor, TuckerTensor
from tenrso_ad.decomposition.models.base import conjugate, joined
from tenrso_ad.decomposition.models.foreign import as_model
from tenrso_ad.decomposition.models.tucker import multiplied
from tenrso_ad.decomposition.products import as_tensor
from tenrso_ad.decomposition.reconstruction import train_gradient, tucker_gradient
from tenrso_ad.engine import tree
from tenrso_ad.engine.errors import ArgumentError, ShapeError
from tenrso_ad.ops.declare import zeros_like
from tenrso_ad.transforms import grad

__all__ = ["TTTangent", "TuckerTangent", "grassmann_gradient", "project", "riemannian_gradient"]


@tree.register_dataclass
@dataclass(frozen=True, eq=False)
class TTTangent:
    """A tangent of the tensor trains of fixed ranks.

    It is the sum over n of the train ``lefts[0], ..., lefts[n-1], deltas[n], rights[n+1], ...``, a
    pytree of these cores. All terms are orthogonal to each other.

    Parameters
    ----------
    lefts : tuple of array, of shapes (r_{n-1}, I_n, r_n)
        The cores of the point, left-orthogonal but for the last.
    rights : tuple of array, of the same shapes
        The same point, right-orthogonal but for the first.
    deltas : tuple of array, of the same shapes
        The changes; all but the last are orthogonal to the left core of their mode.
    """

    lefts: tuple[Any, ...]
    rights: tuple[Any, ...]
    deltas: tuple[Any, ...]

    @property
    def point(self) -> TTTensor:
        """The train at which this is a tangent, left-orthogonal."""
        return TTTensor(self.lefts)

    def to_model(self) -> TTTensor:
        """Return the tangent as a train of twice the ranks."""
        return _moved_train(self.lefts, self.rights, self.deltas, 0)

    def inner(self, other: TTTangent) -> Any:
        """Return the inner product with another tangent at the same point, a real number."""
        return _dot(self.deltas, other.deltas)

    def norm(self) -> Any:
        """Return the Frobenius norm, that of all changes together."""
        return tnp.sqrt(self.inner(self))

    def __mul__(self, factor: Any) -> TTTangent:
        return TTTangent(self.lefts, self.rights, tree.map(lambda d: d * factor, self.deltas))

    __rmul__ = __mul__

    def __neg__(self) -> TTTangent:
        return self * -1

    def retract(self, step: Any = 1.0) -> TTTensor:
        """Return a train of the point's ranks near the point plus `step` times the tangent.

        Parameters
        ----------
        step : float or 0-d array, optional
            How far to go.

        Returns
        -------
        TTTensor
            The sum, rounded; it differs from the sum by the square of the step.
        """
        deltas = (self * step).deltas
        moved = _moved_train(self.lefts, self.rights, deltas, 1)
        return moved.round(ranks=self.point.ranks)


@tree.register_dataclass
@dataclass(frozen=True, eq=False)
class TuckerTangent:
    """A tangent of the Tucker tensors of fixed ranks.

    It is ``core`` times the factors of the point along all modes, plus for each mode the point with
    ``factors[n]`` in the place of its factor. All terms are orthogonal to each other.

    Parameters
    ----------
    point : TuckerTensor
        Where it is a tangent, with orthonormal factors.
    core : array, shape (R_1, ..., R_N)
        The change of the core.
    factors : tuple of array, of shapes (I_n, R_n)
        The changes of the factors, orthogonal to them.
    """

    point: TuckerTensor
    core: Any
    factors: tuple[Any, ...]

    def to_model(self) -> TuckerTensor:
        """Return the tangent as a Tucker tensor of twice the ranks."""
        return _moved_tucker(self, self.core)

    def inner(self, other: TuckerTangent) -> Any:
        """Return the inner product with another tangent at the same point, a real number."""
        total = _dot((self.core,), (other.core,))
        core = self.point.core
        for mode, (mine, other_factor) in enumerate(zip(self.factors, other.factors, strict=True)):
            gram = tnp.matmul(conjugate(mine).T, other_factor)
            matrices = [gram if m == mode else None for m in range(self.point.ndim)]
            total = total + _dot((core,), (multiplied(core, matrices),))
        return total

    def norm(self) -> Any:
        """Return the Frobenius norm."""
        return tnp.sqrt(tnp.maximum(self.inner(self), 0))

    def __mul__(self, factor: Any) -> TuckerTangent:
        factors = tuple(part * factor for part in self.factors)
        return TuckerTangent(self.point, self.core * factor, factors)

    __rmul__ = __mul__

    def __neg__(self) -> TuckerTangent:
        return self * -1

    def retract(self, step: Any = 1.0) -> TuckerTensor:
        """Return a Tucker tensor of the point's ranks near the point plus `step` times this.

        Parameters
        ----------
        step : float or 0-d array, optional
            How far to go.

        Returns
        -------
        TuckerTensor
            The sum, truncated by a higher-order SVD, with orthonormal factors.
        """
        moved = self * step
        sum_of_both = _moved_tucker(moved, tnp.add(self.point.core, moved.core)).normalize()
        bases = []
        for mode, rank in enumerate(self.point.ranks):
            unfolded = tnp.moveaxis(sum_of_both.core, mode, 0)
            unfolded = tnp.reshape(unfolded, (unfolded.shape[0], -1))
            bases.append(tnp.linalg.svd(unfolded, full_matrices=False)[0][:, :rank])
        core = multiplied(sum_of_both.core, [conjugate(basis).T for basis in bases])
        pairs = zip(sum_of_both.factors, bases, strict=True)
        return TuckerTensor(core, tuple(tnp.matmul(factor, basis) for factor, basis in pairs))


def project(model: Any, tensor: Any) -> Any:
    """Project a tensor onto the tangent space of the tensors of a model's ranks.

    Parameters
    ----------
    model : TTTensor or TuckerTensor
        The point; it is brought into its normal form first.
    tensor : array_like, or model of any format, of the same shape
        What is projected: the Euclidean gradient of a function of the tensor gives the Riemannian
        one. A model is not formed.

    Returns
    -------
    TTTangent or TuckerTangent
        The nearest tangent.

    Raises
    ------
    ArgumentError
        Where the model is of another format.
    ShapeError
        Where the shapes differ.

    References
    ----------
    Steinlechner, Riemannian optimization for high-dimensional tensor completion, SIAM Journal on
    Scientific Computing 38 (2016). Koch and Lubich, Dynamical tensor approximation, SIAM Journal
    on Matrix Analysis and Applications 31 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> model = TTTensor([np.array([[[3.0], [4.0]]]), np.array([[[1.0], [0.0]]])])
    >>> tangent = project(model, np.array([[1.0, 2.0], [1.0, 1.0]]))
    >>> tangent.to_model().to_dense().round(2)
    array([[1. , 1.2],
           [1. , 1.6]])
    """
    model = _checked_point("project", model)
    tensor = as_tensor("project", tensor, model)
    if isinstance(model, TTTensor):
        lefts, rights = _orthogonal(model)
        slopes = train_gradient(lefts, rights, tensor, range(model.ndim))
        return _train_tangent(lefts, rights, slopes)
    point = model.normalize()
    return _tucker_tangent(point, tucker_gradient(point, tensor, range(model.ndim)))


def riemannian_gradient(function: Callable[[Any], Any], model: Any) -> Any:
    """Return the gradient of a function on the manifold of tensors of a model's ranks.

    Parameters
    ----------
    function : callable
        A real function of a model, which depends only on its tensor: it is called with models of
        other ranks.
    model : TTTensor or TuckerTensor
        Where the gradient is taken.

    Returns
    -------
    TTTangent or TuckerTangent
        The projection of the Euclidean gradient of the dense tensor, which is not formed.

    Raises
    ------
    ArgumentError
        Where the model is of another format.

    References
    ----------
    Novikov, Rakhuba and Oseledets, Automatic differentiation for Riemannian optimization on
    low-rank matrix and tensor-train manifolds, SIAM Journal on Scientific Computing 44 (2022).

    Examples
    --------
    >>> import numpy as np
    >>> from tenrso_ad.decomposition import squared_error
    >>> rng = np.random.default_rng(0)
    >>> data = rng.normal(size=(3, 4, 5))
    >>> model = TTTensor([rng.normal(size=s) for s in ((1, 3, 2), (2, 4, 2), (2, 5, 1))])
    >>> for _ in range(50):
    ...     gradient = riemannian_gradient(lambda m: squared_error(data, m), model)
    ...     model = gradient.retract(-0.4)
    >>> bool(gradient.norm() < 1e-2)
    True
    """
    model = _checked_point("riemannian_gradient", model)
    if isinstance(model, TTTensor):
        lefts, rights = _orthogonal(model)
        start = tuple(
            zeros_like(left, (left.shape[0], left.shape[1], right.shape[2]))
            for left, right in zip(lefts, rights, strict=True)
        )
        slopes = grad(lambda deltas: function(_moved_train(lefts, rights, deltas, 1)))(start)
        return _train_tangent(lefts, rights, slopes)
    point = model.normalize()
    return _tucker_tangent(point, grad(function)(point))


def grassmann_gradient(tensor: Any, factors: Sequence[Any]) -> tuple[Any, ...]:
    """Return the gradient of the best Tucker error in the subspaces of orthonormal factors.

    The function is half the squared error of the Tucker tensor with these factors and the core that
    fits best, ``(norm(tensor)**2 - norm(core)**2) / 2``: it depends on the spaces of the columns.

    Parameters
    ----------
    tensor : array_like, or model of any format, shape (I_1, ..., I_N)
        What is decomposed.
    factors : sequence of array_like, of shapes (I_n, R_n)
        With orthonormal columns.

    Returns
    -------
    tuple of ndarray or Tensor, of shapes (I_n, R_n)
        Orthogonal to the factors; zero at a solution of HOOI.

    Raises
    ------
    ShapeError
        Where the factors do not fit the tensor.

    References
    ----------
    Elden and Savas, A Newton-Grassmann method for computing the best multilinear rank-(r1, r2, r3)
    approximation of a tensor, SIAM Journal on Matrix Analysis and Applications 31 (2009).

    Examples
    --------
    >>> import numpy as np
    >>> first, second = grassmann_gradient(np.diag([2.0, 1.0]), [np.eye(2)[:, :1]] * 2)
    >>> float(abs(first).max() + abs(second).max())
    0.0
    """
    bases = tuple(as_array(factor) for factor in factors)
    shapes = [tuple(basis.shape) for basis in bases]
    wanted = tuple(as_array(tensor).shape)
    if any(len(shape) != 2 for shape in shapes) or tuple(s[0] for s in shapes) != wanted:
        raise ShapeError(
            f"grassmann_gradient: a tensor of shape {wanted} takes one factor (I_n, R_n) a mode, "
            f"got {', '.join(map(str, shapes)) or 'none'}"
        )
    ranks = tuple(basis.shape[1] for basis in bases)
    empty = TuckerTensor(zeros_like(bases[0], ranks), bases)
    tensor = as_tensor("grassmann_gradient", tensor, empty)
    core = tucker_gradient(empty, tensor, []).core
    slopes = tucker_gradient(TuckerTensor(core, bases), tensor, range(len(bases)), False).factors
    return tuple(-_across(basis, slope) for basis, slope in zip(bases, slopes, strict=True))


def _checked_point(operation: str, model: Any) -> Any:
    model = as_model(operation, model)
    if not isinstance(model, (TTTensor, TuckerTensor)):
        raise ArgumentError(
            f"{operation}: wanted a TTTensor or a TuckerTensor, got a {type(model).__name__}"
        )
    return model


def _dot(first: Sequence[Any], second: Sequence[Any]) -> Any:
    """The real part of the inner product of two tuples of arrays."""
    pairs = zip(first, second, strict=True)
    return sum(tnp.real(tnp.sum(tnp.multiply(conjugate(a), b))) for a, b in pairs)


def _across(basis: Any, change: Any) -> Any:
    """A change without what lies in the space of orthonormal columns."""
    return tnp.subtract(change, tnp.matmul(basis, tnp.matmul(conjugate(basis).T, change)))


# --- tensor trains --------------------------------------------------------------------------------


def _orthogonal(model: TTTensor) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The cores in left- and in right-orthogonal form, with the ranks that the shape allows."""
    left = model.orthogonalize(0).orthogonalize(-1)
    return left.cores, left.orthogonalize(0).cores


def _train_tangent(lefts: Sequence[Any], rights: Sequence[Any], slopes: Sequence[Any]) -> TTTangent:
    """Bring changes into the gauge of tangents."""
    deltas = []
    for left, slope in zip(lefts[:-1], slopes[:-1], strict=True):
        basis = tnp.reshape(left, (-1, left.shape[2]))
        change = _across(basis, tnp.reshape(slope, (-1, slope.shape[2])))
        deltas.append(tnp.reshape(change, slope.shape))
    return TTTangent(tuple(lefts), tuple(rights), (*deltas, slopes[-1]))


def _moved_train(
    lefts: Sequence[Any], rights: Sequence[Any], deltas: Sequence[Any], share: int
) -> TTTensor:
    """A tangent as a train, plus `share` times the point."""
    last = tnp.add(deltas[-1], lefts[-1]) if share else deltas[-1]
    if len(lefts) == 1:
        return TTTensor((last,))
    cores = [tnp.concatenate([deltas[0], lefts[0]], axis=2)]
    for left, right, delta in zip(lefts[1:-1], rights[1:-1], deltas[1:-1], strict=True):
        cores.append(joined([[right, None], [delta, left]], 0, 2))
    return TTTensor((*cores, tnp.concatenate([rights[-1], last], axis=0)))


# --- Tucker tensors -------------------------------------------------------------------------------


def _tucker_tangent(point: TuckerTensor, slopes: TuckerTensor) -> TuckerTangent:
    """The tangent to gradients in the core and in orthonormal factors."""
    changes = []
    for mode, (basis, slope) in enumerate(zip(point.factors, slopes.factors, strict=True)):
        unfolded = tnp.moveaxis(point.core, mode, 0)
        unfolded = tnp.reshape(unfolded, (unfolded.shape[0], -1))
        gram = tnp.matmul(unfolded, conjugate(unfolded).T)
        changes.append(tnp.matmul(_across(basis, slope), tnp.linalg.pinv(gram, hermitian=True)))
    return TuckerTangent(point, slopes.core, tuple(changes))


def _moved_tucker(tangent: TuckerTangent, corner: Any) -> TuckerTensor:
    """The tangent as a Tucker tensor of twice the ranks, with a core of ours in its corner."""
    ranks = tangent.point.ranks
    core = tnp.pad(corner, [(0, rank) for rank in ranks])
    for mode in range(len(ranks)):
        widths = [(rank, 0) if m == mode else (0, rank) for m, rank in enumerate(ranks)]
        core = tnp.add(core, tnp.pad(tangent.point.core, widths))
    pairs = zip(tangent.point.factors, tangent.factors, strict=True)
    return TuckerTensor(core, tuple(tnp.concatenate(pair, axis=1) for pair in pairs))
