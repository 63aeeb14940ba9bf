"""fftshift, ifftshift."""

import numpy as np
import pytest

import tenrso_ad.numpy as tnp
from tenrso_ad.engine.errors import AxisError
from tests.ops.table import Case, each, normal


@each(
    [
        Case(
            f"{name} {axes}",
            lambda x, name=name, axes=axes: getattr(tnp.fft, name)(x, axes),
            normal(3, 4),
            reference=lambda x, name=name, axes=axes: getattr(np.fft, name)(x, axes),
            complex=True,
        )
        for name in ("fftshift", "ifftshift")
        for axes in (None, 0, (-1, 0), [0, 0])
    ]
)
def test_shifts(check):
    check()


def test_an_axis_that_is_not_there():
    with pytest.raises(AxisError, match=r"ifftshift\(.*axis 2 is out of bounds"):
        tnp.fft.ifftshift(np.ones((2, 2)), 2)
