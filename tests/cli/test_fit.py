"""``tenrso-ad fit``: results, refusals and interruptions."""

import os
import signal
import subprocess
import sys

import matplotlib.image
import numpy as np
import pytest
import scipy.io

from tenrso_ad.cli.fit import BestSoFar
from tenrso_ad.cli.main import main
from tenrso_ad.decomposition import CPTensor, fit, load_model, save_result


def planted(shape=(6, 5, 4), rank=2):
    rng = np.random.default_rng(0)
    return CPTensor(None, [rng.normal(size=(n, rank)) for n in shape]).to_dense()


def test_fit_saves_prints_and_plots(capsys):
    tensor = planted()
    tensor[1, 2, 3] = np.nan
    np.save("x.npy", tensor)
    assert main(["fit", "x.npy", "--rank", "2", "--out", "y.npz", "--plot", "y.png"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    lines = {line[:16].strip(): line[17:] for line in out.splitlines()}
    assert lines["tensor"] == "6 x 5 x 4, 1 of 120 values missing"
    assert lines["model"] == "CP, rank 2"
    assert float(lines["relative error"].split()[0]) < 1e-6
    assert lines["iterations"].split(", ")[1].startswith("converged")
    assert (lines["result"], lines["plot"]) == ("y.npz", "y.png")
    assert sorted(os.listdir()) == ["x.npy", "y.npz", "y.png"]
    expected = fit(tensor, 2, seed=0)
    model = load_model("y.npz")
    np.testing.assert_array_equal(model.weights, expected.model.weights)
    picture = matplotlib.image.imread("y.png")
    assert picture.shape[0] > 300
    assert picture.std() > 0.02


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".mat"])
def test_the_three_formats_give_the_same(suffix, capsys):
    if suffix == ".npy":
        np.save("x.npy", planted())
    elif suffix == ".npz":
        np.savez("x.npz", tensor=planted())
    else:
        scipy.io.savemat("x.mat", {"tensor": planted()})
    assert main(["fit", f"x{suffix}", "-r", "2"]) == 0
    assert "x-cp.npz" in capsys.readouterr().out
    expected = fit(planted(), 2, seed=0)
    np.testing.assert_allclose(load_model("x-cp.npz").to_dense(), expected.model.to_dense())


def test_the_key_chooses_the_array(capsys):
    np.savez("x.npz", a=planted(), b=planted() * 3)
    assert main(["fit", "x.npz", "--rank", "2"]) == 2
    assert capsys.readouterr().err == (
        "tenrso-ad: x.npz: choose an array by its key (--key NAME); the file holds: a, b\n"
    )
    assert main(["fit", "x.npz", "--rank", "2", "--key", "b"]) == 0
    np.testing.assert_allclose(load_model("x-cp.npz").to_dense(), 3 * planted(), atol=1e-4)


def test_every_setting_arrives(capsys):
    np.save("x.npy", np.abs(planted()))
    settings = ["--seed", "5", "--starts", "1", "--max-iterations", "7", "--tol", "1e-3"]
    assert main(["fit", "x.npy", "--rank", "3", "--nonnegative", *settings]) == 0
    expected = fit(
        np.abs(planted()), 3, nonnegative=True, seed=5, starts=1, max_iterations=7, tol=1e-3
    )
    with np.load("x-cp.npz") as arrays:
        np.testing.assert_array_equal(arrays["history"], expected.history)
        np.testing.assert_array_equal(arrays["factor_1"], expected.model.factors[1])


def test_a_warning_is_one_line(capsys):
    tensor = planted()
    tensor[2] = np.nan
    np.save("x.npy", tensor)
    assert main(["fit", "x.npy", "--rank", "2"]) == 0
    err = capsys.readouterr().err
    assert err.startswith("tenrso-ad: warning: fit: nothing is observed at index 2 of mode 0;")
    assert err.count("\n") == 1


def put_nothing():
    pass


def put_directory():
    os.mkdir("x.npy")


def put_empty():
    open("x.npy", "wb").close()


def put_text():
    with open("x.npy", "w") as file:
        file.write("1,2\n3,4\n")


def put_truncated():
    np.save("x.npy", planted())
    os.truncate("x.npy", 200)


def put(array):
    return lambda: np.save("x.npy", array)


BAD_FILES = [
    (put_nothing, [], "x.npy: no such file"),
    (put_directory, [], "x.npy: is a directory"),
    (put_empty, [], "x.npy: the file is empty"),
    (put_text, [], "x.npy: not in NumPy's .npy format"),
    (put_truncated, [], "x.npy: cannot be read, is it damaged?"),
    (put(np.array([["a", "b"]])), [], "x.npy: wanted numbers, got strings"),
    (put(np.array([[1.0, np.inf]])), [], "x.npy: wanted finite numbers or NaN"),
    (put(np.full((2, 2), np.nan)), ["--rank", "1"], "every entry is missing"),
    (put(np.ones((2, 0))), [], "x.npy: the array is empty"),
    (put(np.ones(5)), [], "x.npy: wanted a tensor of order 2 or more"),
    (put(np.ones((2, 2), complex)), [], "x.npy: wanted real numbers"),
    (put(planted()), ["--rank", "0"], "wanted a rank from 1 to 20"),
    (put(planted()), ["--rank", "-3"], "wanted a rank from 1 to 20"),
    (put(planted()), ["--rank", "21"], "wanted a rank from 1 to 20"),
    (put(planted()), ["--key", "a"], "x.npy: holds one array without a name"),
    (put(planted()), ["--tol", "-1"], "wanted tol >= 0"),
    (put(planted()), ["--max-iterations", "-1"], "max_iterations >= 0"),
    (put(planted()), ["--starts", "0"], "starts >= 1"),
    (put(planted()), ["--out", "nowhere/y.npz"], "nowhere/y.npz: there is no folder nowhere"),
    (put(planted()), ["--out", "y.txt"], "y.txt: wanted a name that ends in .npz"),
    (put(planted()), ["--plot", "y.svg"], "y.svg: wanted a name that ends in .png"),
]


@pytest.mark.parametrize(("prepare", "options", "message"), BAD_FILES)
def test_bad_input_is_one_line_and_exit_2_and_nothing_is_written(prepare, options, message, capsys):
    prepare()
    before = os.listdir()
    assert main(["fit", "x.npy", "--rank", "2", *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tenrso-ad: ")
    assert message in err
    assert err.count("\n") == 1
    assert os.listdir() == before


def test_the_place_of_the_result_is_checked_before_the_work(monkeypatch, capsys):
    np.save("x.npy", planted())
    os.mkdir("y.npz")
    monkeypatch.setattr("tenrso_ad.cli.fit.fit", lambda *_, **__: pytest.fail("it was fitted"))
    assert main(["fit", "x.npy", "--rank", "2", "--out", "y.npz"]) == 2
    assert capsys.readouterr().err == "tenrso-ad: y.npz: is a directory, wanted a file\n"


def test_the_input_is_not_replaced(capsys):
    np.savez("x.npz", tensor=planted())
    os.symlink("x.npz", "link.npz")
    for out in ("x.npz", "./x.npz", "link.npz"):
        assert main(["fit", "x.npz", "--rank", "2", "--out", out]) == 2
        assert "is the input, and would be replaced" in capsys.readouterr().err
    with np.load("x.npz") as arrays:
        np.testing.assert_array_equal(arrays["tensor"], planted())


def test_an_older_result_is_replaced():
    np.save("x.npy", planted())
    save_result("y.npz", fit(planted(), 1, seed=0))
    assert main(["fit", "x.npy", "--rank", "2", "--out", "y.npz"]) == 0
    assert load_model("y.npz").rank == 2


def test_ctrl_c_writes_the_best_model_so_far(monkeypatch, capsys):
    np.save("x.npy", planted())
    count = BestSoFar.__call__
    seen = []

    def interrupt(self, progress):
        count(self, progress)
        seen.append(progress)
        if len(seen) == 20:  # in the trial of the second starting point
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(BestSoFar, "__call__", interrupt)
    assert main(["fit", "x.npy", "--rank", "2", "--out", "y.npz"]) == 130
    out, _ = capsys.readouterr()
    assert "not converged: interrupted" in out
    best = min(seen, key=lambda progress: progress.objective)
    with np.load("y.npz") as arrays:
        assert arrays["objective"] == arrays["history"][-1] == best.objective
        assert len(arrays["history"]) == best.iteration + 1
        assert str(arrays["message"]) == "interrupted"
    np.testing.assert_array_equal(load_model("y.npz").weights, best.model.weights)


def test_ctrl_c_before_the_first_iteration_writes_nothing(monkeypatch, capsys):
    np.save("x.npy", planted())

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("tenrso_ad.cli.fit.fit", interrupt)
    assert main(["fit", "x.npy", "--rank", "2"]) == 130
    assert capsys.readouterr().out == ""
    assert os.listdir() == ["x.npy"]


def test_ctrl_c_of_a_process():
    """A real signal to a real process, sent once it is in the middle of its iterations."""
    np.save("x.npy", np.random.default_rng(0).normal(size=(12, 12, 12)))
    script = (
        "import sys\n"
        "from tenrso_ad.cli import fit\n"
        "from tenrso_ad.cli.main import main\n"
        "count = fit.BestSoFar.__call__\n"
        "def tell(self, progress):\n"
        "    count(self, progress)\n"
        "    print(progress.start, progress.iteration, flush=True)\n"
        "fit.BestSoFar.__call__ = tell\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, "fit", "x.npy", "--rank", "20", "--out", "y.npz"]
    command += ["--tol", "0", "--max-iterations", "1000000"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.split() == ["2", "3"]:
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "not converged: interrupted" in out
    assert "Traceback" not in err
    assert load_model("y.npz").rank == 20
    assert sorted(os.listdir()) == ["x.npy", "y.npz"]
