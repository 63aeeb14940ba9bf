"""``tenrso-ad demo``: what it writes and says."""

import os

import matplotlib.image
import numpy as np
import tensorly.datasets

from tenrso_ad.cli.main import main
from tenrso_ad.decomposition import load_model


def test_demo_fits_real_data_and_says_where_the_result_is(capsys):
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    assert "13 x 4 x 12 x 8, 192 of 4992 values missing" in out
    assert "converged" in out
    assert "time" in out
    for name in ("il2-cp.npz", "il2-factors.png"):
        assert os.path.join("tenrso-ad-demo", name) in out
    assert sorted(os.listdir("tenrso-ad-demo")) == ["il2-cp.npz", "il2-factors.png"]
    assert matplotlib.image.imread("tenrso-ad-demo/il2-factors.png").shape[1] > 1000

    tensor = tensorly.datasets.load_IL2data().tensor
    observed = ~np.isnan(tensor)
    model = load_model("tenrso-ad-demo/il2-cp.npz").to_dense()
    error = np.linalg.norm((tensor - model)[observed]) / np.linalg.norm(tensor[observed])
    printed = float(out.split("relative error")[1].split()[0])
    assert printed == np.float64(f"{error:.6g}")
    assert printed < 0.25


def test_demo_runs_again(capsys):
    assert main(["demo"]) == 0
    first = capsys.readouterr().out
    assert main(["demo"]) == 0
    second = capsys.readouterr().out
    assert [line for line in first.splitlines() if not line.startswith("time")] == [
        line for line in second.splitlines() if not line.startswith("time")
    ]


def test_a_file_in_the_way_is_named(folder, capsys):
    (folder / "tenrso-ad-demo").write_text("mine")
    assert main(["demo"]) == 2
    out, err = capsys.readouterr()
    assert err == (
        "tenrso-ad: tenrso-ad-demo: is in the way, wanted to make a folder of that name\n"
    )
    assert out == ""
    assert (folder / "tenrso-ad-demo").read_text() == "mine"
