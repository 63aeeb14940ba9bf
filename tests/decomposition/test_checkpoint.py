"""A fit that was interrupted, or killed, goes on as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tenrso_ad.cli.main import main
from tenrso_ad.decomposition import CPTensor, fit
from tenrso_ad.engine.errors import ArgumentError

NAMES = ("weights", "factor_0", "factor_1", "factor_2", "history", "gradient_norms")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def noisy(missing=False):
    rng = np.random.default_rng(0)
    tensor = CPTensor(None, [rng.normal(size=(n, 3)) for n in (7, 6, 5)]).to_dense()
    tensor = tensor + 0.1 * rng.normal(size=tensor.shape)
    if missing:
        tensor[rng.random(tensor.shape) < 0.2] = np.nan
    return tensor


def same(ours, other):
    parts = zip((ours.model.weights, *ours.model.factors, ours.history, ours.gradient_norms),
                (other.model.weights, *other.model.factors, other.history, other.gradient_norms),
                strict=True)  # fmt: skip
    return all(a.tobytes() == b.tobytes() for a, b in parts)


@pytest.mark.parametrize("stop", [1, 7, 20, 44, 52])
@pytest.mark.parametrize("missing", [False, True])
def test_an_interrupted_fit_goes_on_bit_equal(stop, missing):
    options = {"tensor": noisy(missing), "rank": 2, "seed": 3, "checkpoint": "c.npz"}
    whole = fit(**options | {"checkpoint": None})
    count = 0

    def interrupt(_):
        nonlocal count
        count += 1
        if count == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(**options, callback=interrupt)
    assert os.listdir() == ["c.npz"]
    resumed = fit(**options, resume=True)
    assert same(whole, resumed)
    assert (resumed.objective, resumed.message) == (whole.objective, whole.message)
    seen = []
    again = fit(**options, resume=True, callback=seen.append)  # from the end
    assert same(whole, again)
    assert seen == []


def test_nonnegative_float32_and_a_start_of_ones_own_go_on_too():
    tensor = np.abs(noisy()).astype(np.float32)
    start = fit(tensor, 2, seed=0, max_iterations=2, nonnegative=True).model
    options = {"tensor": tensor, "rank": 2, "nonnegative": True, "init": start}
    whole = fit(**options)
    fit(**options, checkpoint="c.npz", callback=lambda progress: progress.iteration == 5)
    assert same(whole, fit(**options, checkpoint="c.npz", resume=True))


def test_the_history_of_norms_and_times():
    result = fit(noisy(), 2, seed=0)
    assert len(result.gradient_norms) == len(result.seconds) == len(result.history)
    assert result.gradient_norms[-1] < 1e-3 * result.gradient_norms[0]
    assert result.seconds[0] > 0
    assert (np.diff(result.seconds) > 0).all()


def test_without_a_checkpoint_resume_begins_at_the_start():
    tensor = noisy()
    fresh = fit(tensor, 2, seed=1, checkpoint="c.npz", resume=True)
    assert same(fresh, fit(tensor, 2, seed=1))
    with pytest.raises(ArgumentError, match=r"^fit: resume needs the name of a checkpoint$"):
        fit(tensor, 2, resume=True)


def test_it_is_written_every_so_many_iterations(monkeypatch):
    written = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (written.append(b), replace(a, b)))
    fit(noisy(), 2, seed=0, starts=1, max_iterations=10, checkpoint="c.npz", checkpoint_every=4)
    assert len(written) == 3  # after 4, after 8, at the end
    with pytest.raises(ArgumentError, match=r"checkpoint_every >= 1, got 0"):
        fit(noisy(), 2, checkpoint="c.npz", checkpoint_every=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": 3}, "of other rank: 2 there, 3 here"),
        ({"tol": 1e-3}, "of other tol: 1e-10 there, 0.001 here"),
        ({"nonnegative": True}, "of other nonnegative: False there, True here"),
        ({"tensor": noisy() + 1}, "of other data: [0-9a-f]{16} there, [0-9a-f]{16} here"),
        ({"checkpoint": "c.txt"}, "wanted a name that ends in .npz"),
    ],
)
def test_the_checkpoint_of_another_fit_is_refused(change, message):
    options = {"tensor": noisy(), "rank": 2, "seed": 0, "checkpoint": "c.npz"}
    fit(**options, max_iterations=1000, callback=lambda progress: True)
    with pytest.raises(ArgumentError, match=rf"^c.(npz|txt): .*{message}"):
        fit(**options | change, resume=True)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 and no more", None])
def test_a_file_that_is_no_checkpoint_is_refused(folder, content):
    if content is None:
        np.savez("c.npz", tensor=noisy())
    else:
        (folder / "c.npz").write_bytes(content)
    with pytest.raises(ArgumentError, match=r"^c.npz: is no checkpoint of a fit$"):
        fit(noisy(), 2, checkpoint="c.npz", resume=True)


def arguments(out):
    return ["fit", "x.npy", "--rank", "4", "--out", out, "--tol", "0", "--max-iterations", "400"]


CHECKPOINT = ["--checkpoint", "c.npz", "--checkpoint-every", "1", "--resume"]


def kill_at_random_points(times):
    """Kill a fit again and again, as soon as it has written a few checkpoints more."""
    np.save("x.npy", np.random.default_rng(0).normal(size=(8, 9, 7)))
    draw = random.Random(0)
    killed = 0
    for _ in range(times):
        before = os.stat("c.npz").st_ino if os.path.exists("c.npz") else None
        command = [sys.executable, "-m", "tenrso_ad.cli.main", *arguments("y.npz"), *CHECKPOINT]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            while process.poll() is None:
                if os.path.exists("c.npz") and os.stat("c.npz").st_ino != before:
                    time.sleep(draw.uniform(0, 0.1))
                    process.send_signal(signal.SIGKILL)
                    break
                time.sleep(0.001)
            process.communicate(timeout=60)
            assert process.returncode in (0, -signal.SIGKILL)
            killed += process.returncode == -signal.SIGKILL
        with np.load("c.npz", allow_pickle=False) as arrays:  # it is whole
            assert all(np.isfinite(arrays[name]).all() for name in arrays if name.endswith("/x"))
    assert killed
    assert main([*arguments("y.npz"), *CHECKPOINT]) == 0
    assert main(arguments("z.npz")) == 0
    with np.load("y.npz") as ours, np.load("z.npz") as other:
        for name in NAMES:
            assert ours[name].tobytes() == other[name].tobytes()


def test_killed_fits_leave_a_whole_checkpoint_and_go_on_bit_equal():
    kill_at_random_points(2)


@pytest.mark.slow
def test_ten_kills():
    kill_at_random_points(10)


def test_the_command_line_names_its_checkpoint(capsys):
    np.save("x.npy", noisy())
    assert main(["fit", "x.npy", "--rank", "2", "--resume"]) == 0
    assert sorted(os.listdir()) == ["x-cp.checkpoint.npz", "x-cp.npz", "x.npy"]
    assert main(["fit", "x.npy", "--rank", "2", "--checkpoint", "x-cp.npz"]) == 2
    assert "x-cp.npz: is to be the result and the checkpoint" in capsys.readouterr().err
