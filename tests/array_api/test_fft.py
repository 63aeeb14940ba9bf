"""The extension fft against array_api_strict."""

from hypothesis import strategies as st

from tests.array_api import strategies
from tests.array_api.agreement import holds
from tests.array_api.strategies import arrays, shapes

NORMS = st.sampled_from(["backward", "ortho", "forward"])
KINDS = {"rfft": "float", "rfftn": "float", "ihfft": "float"}


@st.composite
def along_an_axis(draw, kind="complex"):
    x = draw(arrays(kind, shapes(min_dims=1, min_side=2), special=False))
    optional = {
        "n": st.integers(2, 5),
        "norm": NORMS,
        "axis": strategies.axes_of(x, several=False, none=False),
    }
    return (x,), draw(st.fixed_dictionaries({}, optional=optional))


@st.composite
def along_axes(draw, kind="complex"):
    x = draw(arrays(kind, shapes(min_dims=1, max_dims=2, min_side=2), special=False))
    axes = draw(st.permutations(range(-x.ndim, 0)).map(tuple))
    axes = axes[: draw(st.integers(1, x.ndim))]
    given = draw(st.fixed_dictionaries({}, optional={"norm": NORMS}))
    if draw(st.booleans()):
        given["axes"] = axes
        if draw(st.booleans()):
            given["s"] = tuple(draw(st.integers(2, 4)) for _ in axes)
    return (x,), given


@st.composite
def shift(draw):
    x = draw(arrays("complex", special=False))
    return (x,), draw(st.fixed_dictionaries({}, optional={"axes": strategies.axes_of(x)}))


test_transforms = holds(
    {
        f"fft.{name}": (along_axes if name.endswith("n") else along_an_axis)(
            KINDS.get(name, "complex")
        )
        for name in (
            *("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"),
            *("fftn", "ifftn", "rfftn", "irfftn"),
        )
    },
    rtol=30.0,
)
test_shifts = holds({"fft.fftshift": shift(), "fft.ifftshift": shift()})
