"""Configuration of the documentation: sphinx-build -W docs docs/_build/html."""

import os
import sys
from importlib import metadata

os.environ["SCIPY_ARRAY_API"] = "1"  # for the example that gives tensors to SciPy and scikit-learn
from pathlib import Path
from typing import Any

project = "tenrso-ad"
author = "the tenrso-ad developers"
copyright = "2026, the tenrso-ad developers"
release = metadata.version("tenrso-ad")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
html_theme = "furo"
html_title = f"tenrso-ad {release}"
exclude_patterns = ["_build"]
default_role = "py:obj"

autosummary_generate = True
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "download_all_examples": False,
}


def setup(app: Any) -> None:
    """Write the page of functions before the pages are read."""
    here = Path(__file__).resolve().parent
    sys.path.insert(0, str(here))
    import function_tables  # docs/function_tables.py

    (here / "functions.rst").write_text(function_tables.text())
