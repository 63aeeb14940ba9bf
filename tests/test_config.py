import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.engine import hooks
from tenrso_ad.engine.errors import AnomalyError


def quiet():
    return np.errstate(all="ignore")


def test_forward_nan_is_traced_to_operation_and_line():
    with quiet(), ta.config.detect_anomaly(), pytest.raises(AnomalyError) as caught:
        ta.grad(lambda x: tnp.sum(tnp.log(x - 2.0) * x))(np.ones(3))
    assert str(caught.value).startswith("log(float64[3]) made a NaN at ")
    assert "test_config.py:" in str(caught.value)


def test_forward_infinity_on_plain_arrays():
    with quiet(), ta.config.detect_anomaly(), pytest.raises(AnomalyError, match="an infinity"):
        tnp.exp(np.array([1e4]))


def test_backward_infinity_names_the_line_that_recorded_it():
    with quiet(), ta.config.detect_anomaly(), pytest.raises(AnomalyError) as caught:
        ta.grad(lambda x: tnp.sum(tnp.sqrt(x)))(np.zeros(2))
    assert "the derivative of sqrt (" in str(caught.value)
    assert "test_config.py:" in str(caught.value)


def test_nan_in_the_data_is_no_anomaly():
    data = np.array([np.nan, 1.0])
    with ta.config.detect_anomaly():
        gradient = ta.grad(lambda x: tnp.sum(x * x))(data)
    np.testing.assert_array_equal(gradient, [np.nan, 2.0])


def test_on_a_tape():
    with quiet(), ta.config.detect_anomaly(), pytest.raises(AnomalyError, match="sqrt"):
        tnp.sum(tnp.sqrt(ta.tensor([0.0]))).backward()


def test_switching_on_and_off_without_a_block():
    ta.config.detect_anomaly()
    try:
        with quiet(), pytest.raises(AnomalyError):
            tnp.log(np.array([-1.0]))
    finally:
        ta.config.detect_anomaly(False)
    assert hooks.active == 0
    with quiet():
        assert np.isnan(tnp.log(np.array([-1.0])))[0]


def test_blocks_nest_and_end():
    with ta.config.detect_anomaly():
        with ta.config.detect_anomaly(False), quiet():
            tnp.log(np.array([-1.0]))
        with quiet(), pytest.raises(AnomalyError):
            tnp.log(np.array([-1.0]))
    assert hooks.active == 0
