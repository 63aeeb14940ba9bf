"""The page of functions is complete: a function without a line in the tables of tests fails it."""

import importlib.util
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "docs" / "function_tables.py"
spec = importlib.util.spec_from_file_location("function_tables", SOURCE)
function_tables = importlib.util.module_from_spec(spec)
spec.loader.exec_module(function_tables)


@pytest.fixture(scope="module")
def cases():
    return function_tables.tested()


@pytest.mark.parametrize("page", function_tables.PAGES)
def test_every_function_has_a_row(page, cases):
    named = {n for names in function_tables.functions(page).values() for n in names}
    shown = {
        name.strip("`")
        for row in function_tables.rows(page, cases)
        for name in row.names.split(", ")
    }
    assert shown == named


def test_a_function_that_no_table_has_is_an_error(cases):
    without = {name: own for name, own in cases.items() if name not in ("tanh", "arctanh")}
    with pytest.raises(LookupError, match=r"tenrso_ad\.numpy\.(arc)?tanh"):
        list(function_tables.rows("numpy", without))


def test_notes_are_of_functions_that_exist():
    known = {
        n
        for page in function_tables.PAGES
        for names in function_tables.functions(page).values()
        for n in names
    }
    assert set(function_tables.NOTES) <= known
