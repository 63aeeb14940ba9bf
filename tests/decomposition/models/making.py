"""Random models of every format, for tests."""

import numpy as np

from tenrso_ad.decomposition import CPTensor, TensorRing, TTTensor, TuckerTensor


def draw(rng, shape, dtype):
    values = rng.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.normal(size=shape)
    return values.astype(dtype)


def cp(shape, rng, dtype=np.float64, rank=2):
    factors = tuple(draw(rng, (length, rank), dtype) for length in shape)
    return CPTensor(draw(rng, (rank,), dtype), factors)


def tucker(shape, rng, dtype=np.float64, ranks=(2, 3, 1, 2)):
    ranks = ranks[: len(shape)]
    pairs = zip(shape, ranks, strict=True)
    return TuckerTensor(draw(rng, ranks, dtype), tuple(draw(rng, p, dtype) for p in pairs))


def train(shape, rng, dtype=np.float64, ranks=(2, 3, 2)):
    bonds = (1, *ranks[: len(shape) - 1], 1)
    return TTTensor(chain(shape, bonds, rng, dtype))


def ring(shape, rng, dtype=np.float64, ranks=(2, 3, 1, 2)):
    bonds = (*ranks[: len(shape)], ranks[0])
    return TensorRing(chain(shape, bonds, rng, dtype))


def chain(shape, bonds, rng, dtype):
    places = range(len(shape))
    return tuple(draw(rng, (bonds[k], shape[k], bonds[k + 1]), dtype) for k in places)


FORMATS = {"cp": cp, "tucker": tucker, "train": train, "ring": ring}
