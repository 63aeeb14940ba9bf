"""Usage, versions and exit codes."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from tenrso_ad.cli.main import main


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"tenrso-ad {version('tenrso-ad')}\n", "")


@pytest.mark.parametrize("command", [[], ["demo"], ["fit"], ["rank"], ["info"]])
def test_help(command, capsys):
    assert main([*command, "--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Usage: tenrso-ad {' '.join(command)}".strip())
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "wanted a command: demo, fit, rank or info"),
        (["bake"], "No such command"),
        (["--loud"], "No such option"),
        (["fit"], "Missing argument"),
        (["fit", "x.npy"], "Missing option '--rank'"),
        (["fit", "x.npy", "--rank", "two"], "Invalid value for '--rank'"),
        (["fit", "x.npy", "--rank"], "requires an argument"),
        (["fit", "x.npy", "--rang", "2"], "No such option"),
        (["fit", "x.npy", "y.npy", "--rank", "2"], "unexpected extra argument"),
        (["fit", "x.npy", "--rank", "2", "--seed", "-1"], "Invalid value for '--seed'"),
        (["info", "please"], "unexpected extra argument"),
    ],
)
def test_bad_usage_is_one_line_and_exit_2(arguments, message, capsys, folder):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tenrso-ad: ")
    assert message in err
    assert err.count("\n") == 1
    assert os.listdir() == []


def test_info_prints_versions_and_threads(capsys):
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = dict(line.split(maxsplit=1) for line in lines)
    assert found["tenrso-ad"] == version("tenrso-ad")
    assert found["numpy"] == version("numpy")
    assert found["Python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert found["processors"].endswith(f"of {os.cpu_count()}")
    assert any("threads" in line for line in lines)


def test_a_defect_of_the_program_is_not_hidden(monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr("tenrso_ad.cli.report.environment", fail)
    with pytest.raises(ZeroDivisionError):
        main(["info"])


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (KeyboardInterrupt(), 130, ""),
        (MemoryError(), 2, "tenrso-ad: not enough memory\n"),
        (OSError(28, "No space left", "x"), 2, "tenrso-ad: [Errno 28] No space left: 'x'\n"),
    ],
)
def test_what_can_happen_on_the_way_is_one_line(monkeypatch, capsys, error, code, expected):
    def fail():
        raise error

    monkeypatch.setattr("tenrso_ad.cli.report.environment", fail)
    assert main(["info"]) == code
    assert capsys.readouterr() == ("", expected)


def test_the_program_itself():
    """The entry point passes the exit code on, and starts without heavy libraries."""
    code = (
        "import sys; from tenrso_ad.cli.main import main; code = main(); "
        "print(sorted({'scipy', 'matplotlib', 'numba', 'tensorly'} & set(sys.modules))); "
        "sys.exit(code)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "fit", "none.npy", "--rank", "2"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (2, "[]\n")
    assert run.stderr == "tenrso-ad: none.npy: no such file\n"
