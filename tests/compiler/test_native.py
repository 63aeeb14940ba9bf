import subprocess
import sys

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler import native

X = np.array([0.5, 1.0, 2.0])


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of its own, and a process that has compiled nothing yet."""
    monkeypatch.setenv("TENRSO_AD_CACHE", str(tmp_path / "kernels"))
    monkeypatch.setattr(native, "_compiled", {})
    return tmp_path / "kernels"


def compute():
    return ta.compile(lambda x: tnp.sum(tnp.exp(x) * x))(X)


def begin_anew(monkeypatch):
    monkeypatch.setattr(native, "_compiled", {})


def hits():
    return sum(
        sum(f.stats.cache_hits.values()) for k in native._compiled.values() for f in k.values()
    )


EXPECTED = np.sum(np.exp(X) * X)


def test_what_was_compiled_is_found_again(cache, monkeypatch):
    np.testing.assert_allclose(compute(), EXPECTED)
    assert hits() == 0
    assert len(list(cache.glob("*.py"))) == 1
    begin_anew(monkeypatch)
    np.testing.assert_allclose(compute(), EXPECTED)
    assert hits() == 1


@pytest.mark.parametrize("pattern", ["*.py", "__pycache__/*.nbc", "__pycache__/*.nbi"])
def test_torn_files_are_replaced(cache, monkeypatch, pattern):
    compute()
    (file,) = cache.glob(pattern)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    for _ in range(3):  # compiled without the cache, then kept anew, then found
        begin_anew(monkeypatch)
        np.testing.assert_allclose(compute(), EXPECTED)
    assert hits() == 1


def test_nothing_is_kept_where_the_cache_is_off(cache, monkeypatch, tmp_path):
    monkeypatch.setenv("TENRSO_AD_CACHE", "")
    np.testing.assert_allclose(compute(), EXPECTED)
    assert not cache.exists()
    assert native.directory() is None


def test_a_folder_that_cannot_be_written_is_no_error(cache, monkeypatch, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("TENRSO_AD_CACHE", str(blocker / "below"))
    np.testing.assert_allclose(compute(), EXPECTED)


def test_the_users_cache_is_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("TENRSO_AD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert native.directory() == tmp_path / "tenrso_ad"


@pytest.mark.slow
def test_processes_may_write_at_once(cache):
    program = (
        "import numpy as np, tenrso_ad as ta, tenrso_ad.numpy as tnp\n"
        "f = ta.compile(lambda x: tnp.sum(tnp.exp(x) * x))\n"
        "print(float(f(np.array([0.5, 1.0, 2.0]))))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in running:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        np.testing.assert_allclose(float(out), EXPECTED)
    np.testing.assert_allclose(compute(), EXPECTED)
    assert hits() == 1
