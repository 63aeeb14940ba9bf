import hashlib
import subprocess
import sys

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler import native
from tenrso_ad.kernels import machine

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


@pytest.fixture
def assembled(monkeypatch):
    """Texts of the modules that are compiled from here on."""
    texts = []
    assemble = machine.assemble

    def noted(text):
        texts.append(text)
        return assemble(text)

    monkeypatch.setattr(machine, "assemble", noted)
    return texts


EXPECTED = np.sum(np.exp(X) * X)


def test_what_was_compiled_is_found_again(cache, assembled, monkeypatch):
    for _ in range(3):
        begin_anew(monkeypatch)
        np.testing.assert_allclose(compute(), EXPECTED)
        assert len(assembled) == 1
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize("length", [0, 20, 32, -1])
def test_torn_files_are_replaced(cache, assembled, monkeypatch, length):
    compute()
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:length])
    for _ in range(2):  # compiled again and kept, then found
        begin_anew(monkeypatch)
        np.testing.assert_allclose(compute(), EXPECTED)
        assert len(assembled) == 2
    assert file.read_bytes()[:32] == hashlib.sha256(file.read_bytes()[32:]).digest()


def test_a_file_of_other_content_is_replaced(cache, assembled, monkeypatch):
    compute()
    (file,) = cache.iterdir()
    file.write_bytes(b"#" * file.stat().st_size)
    begin_anew(monkeypatch)
    np.testing.assert_allclose(compute(), EXPECTED)
    assert len(assembled) == 2


def test_kernels_of_other_sizes_are_others(cache, assembled):
    for x in (np.ones(2), np.ones(3), np.ones(3, np.float32), np.ones(2)):
        f = ta.compile(lambda x: tnp.exp(x) * 2.0)
        np.testing.assert_allclose(f(x), np.exp(x) * 2.0, rtol=1e-6)
    assert len(assembled) == 3


@pytest.mark.slow
def test_another_process_finds_what_was_compiled(cache):
    compute()
    (file,) = cache.iterdir()
    before = file.stat()
    program = (
        "import sys, numpy as np, tenrso_ad as ta, tenrso_ad.numpy as tnp\n"
        "from tenrso_ad.kernels import machine\n"
        "machine.assemble = None\n"
        "print(float(ta.compile(lambda x: tnp.sum(tnp.exp(x) * x))(np.array([0.5, 1.0, 2.0]))))\n"
        "assert 'numba' not in sys.modules\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    np.testing.assert_allclose(float(run.stdout), EXPECTED)
    assert file.stat().st_mtime_ns == before.st_mtime_ns


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
def test_processes_may_write_at_once(cache, monkeypatch):
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
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(machine, "assemble", None)  # it must be found
    np.testing.assert_allclose(compute(), EXPECTED)
