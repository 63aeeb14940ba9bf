"""Rules of the house that no linter knows."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import tenrso_ad

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "tenrso_ad").rglob("*.py"))
AS_ELSEWHERE = {"array_api", "errors", "numpy", "special", "stats"}  # names that others document
ROOMS = ["tenrso_ad"] + [
    f"tenrso_ad.{name}"
    for name in tenrso_ad.__all__
    if isinstance(getattr(tenrso_ad, name), ModuleType) and name not in AS_ELSEWHERE
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_file_holds_one_thing(source: Path) -> None:
    assert len(source.read_text().splitlines()) <= 500


def public_objects(room: str) -> list[str]:
    module = importlib.import_module(room)
    names = getattr(module, "__all__", None) or [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == room
    ]
    return [name for name in names if not isinstance(getattr(module, name), ModuleType)]


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_are_documented(room: str) -> None:
    module = importlib.import_module(room)
    reference = (ROOT / "docs" / "api" / "index.rst").read_text()
    sections = reference.split(".. currentmodule:: ")
    listed = {
        line.strip()
        for text in sections
        if text.startswith(f"{room}\n")
        for line in text.splitlines()
    }
    for name in public_objects(room):
        assert inspect.getdoc(getattr(module, name)), f"{room}.{name} has no docstring"
        assert name in listed, f"{room}.{name} is not in docs/api/index.rst"


def test_functions_that_numpy_lacks_are_documented() -> None:
    reference = (ROOT / "docs" / "api" / "index.rst").read_text()
    for room, theirs in [("tenrso_ad.numpy", np), ("tenrso_ad.numpy.linalg", np.linalg)]:
        own = [name for name in public_objects(room) if not hasattr(theirs, name)]
        assert own
        assert not [name for name in own if f"   {name}\n" not in reference]


def test_errors_are_documented() -> None:
    reference = (ROOT / "docs" / "api" / "index.rst").read_text()
    missing = [
        name
        for name, value in vars(tenrso_ad.errors).items()
        if inspect.isclass(value)
        and issubclass(value, (tenrso_ad.errors.TenrsoError, Warning))
        and f"   {name}\n" not in reference
    ]
    assert not missing
