"""Statistical and utility functions against array_api_strict."""

import array_api_strict as strict
from hypothesis import strategies as st

from tests.array_api.agreement import holds
from tests.array_api.strategies import along

BOOL = st.booleans()

KEEP = {"keepdims": BOOL}
WIDER = {"dtype": st.sampled_from([strict.float64, strict.complex128])}
REDUCTIONS = {
    **{name: along("numeric", **KEEP) for name in ("sum", "prod")},
    **{f"{name} dtype": along("float", **KEEP, **WIDER) for name in ("sum", "prod")},
    **{f"{name} of integers": along("int", special="any", **KEEP) for name in ("sum", "prod")},
    **{name: along("real", **KEEP) for name in ("max", "min")},
    **{name: along("any", **KEEP) for name in ("all", "any", "count_nonzero")},
    "mean": along("floating", **KEEP),
    **{
        name: along("float", correction=st.sampled_from([0, 1, 0.5, 2.0]), **KEEP)
        for name in ("std", "var")
    },
    **{
        f"{name} of {kind}": along(
            kind, special=kind == "real", several=False, min_dims=1, include_initial=BOOL
        )
        for name in ("cumulative_sum", "cumulative_prod")
        for kind in ("real", "complex")  # a product of complex infinities may be NaN or not
    },
    "cumulative_sum dtype": along("float", several=False, min_dims=1, **WIDER),
    "diff": along("numeric", several=False, none=False, min_dims=1, n=st.integers(0, 3)),
}

test_reductions = holds(REDUCTIONS, signs=False)
