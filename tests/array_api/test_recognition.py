"""array-api-compat, which SciPy and scikit-learn carry with them, knows what a tensor is."""

import array_api_compat as compat
import numpy as np
import pytest

import tenrso_ad as ta


def test_a_tensor_is_an_array_of_our_namespace():
    x = ta.tensor([1.0, 2.0])
    assert compat.is_array_api_obj(x) and compat.is_writeable_array(x)
    assert compat.array_namespace(x, 1.0, None) is ta.array_api
    assert (compat.device(x), compat.to_device(x, "cpu"), compat.size(x)) == ("cpu", x, 2)
    with pytest.raises(TypeError, match="Multiple namespaces"):
        compat.array_namespace(x, np.ones(2))


def test_tensors_without_values_are_lazy():
    lazy = []

    def look(x):
        lazy.append(compat.is_lazy_array(x))
        return x

    look(ta.tensor([1.0, 2.0]))
    ta.vmap(look)(np.ones((2, 3)))
    ta.jvp(look, (np.ones(3),), (np.ones(3),))
    assert lazy == [False, True, False]
