"""The progress bar, on a terminal and elsewhere."""

import numpy as np
import pytest

from tenrso_ad.decomposition import fit
from tenrso_ad.decomposition.progress import ProgressBar


@pytest.fixture
def terminal(monkeypatch):
    """Standard error as a wide terminal without colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "150")


@pytest.mark.usefixtures("terminal")
def test_a_terminal_shows_iterations_rate_objective_and_error(capsys):
    tensor = np.random.default_rng(0).random((4, 5, 6))
    result = fit(tensor, 2, seed=0, starts=1, max_iterations=60, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{result.iterations}/60" in err
    assert "it/s" in err
    assert f"objective {result.objective:.4g}, error {result.relative_error:.4g}" in err


@pytest.mark.usefixtures("terminal")
def test_the_terminal_is_left_in_order_after_an_error(capsys):
    with pytest.raises(KeyboardInterrupt), ProgressBar(10):
        raise KeyboardInterrupt
    shown = capsys.readouterr().err
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # cursor hidden, shown again


def test_elsewhere_it_is_silent(capsys, monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    fit(np.random.default_rng(0).random((4, 5, 6)), 2, seed=0, max_iterations=5, progress=True)
    assert capsys.readouterr() == ("", "")
