"""Searching, sorting and set functions against array_api_strict."""

import array_api_strict as strict
from hypothesis import strategies as st

from tests.array_api import strategies
from tests.array_api.agreement import holds
from tests.array_api.strategies import along, arrays, call, shapes

BOOL = st.booleans()


@st.composite
def searchsorted(draw):
    name = draw(strategies.dtypes("real"))
    x1 = draw(strategies.of_dtype(name, shapes(min_dims=1, max_dims=1), special=False))
    x2 = draw(strategies.of_dtype(name, special=False))
    given = draw(st.fixed_dictionaries({}, optional={"side": st.sampled_from(["left", "right"])}))
    if draw(BOOL):
        return (x1, x2), {"sorter": strict.argsort(x1), **given}
    return (strict.sort(x1), x2), given


@st.composite
def where(draw):
    (x1, x2) = draw(strategies.pair("any"))
    return (draw(arrays("bool", draw(st.sampled_from([(), (1,), (2, 1), (3,)])))), x1, x2), {}


ORDER = {"descending": BOOL, "several": False, "none": False, "min_dims": 1}
SEARCHING = {
    **{
        name: along("real", several=False, min_side=1, keepdims=BOOL)
        for name in ("argmax", "argmin")
    },
    "argsort": along("real", **ORDER),
    "sort": along("real", stable=BOOL, **ORDER),
    "nonzero": call(arrays("any")),
    "searchsorted": searchsorted(),
    "where": where(),
    **{f"unique_{what}": call(arrays("any")) for what in ("all", "counts", "inverse", "values")},
}

test_searching = holds(SEARCHING, signs=False)  # of equal zeros any may be taken
