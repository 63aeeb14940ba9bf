"""Reading einsum specifications. What is refused is tested with einsum itself."""

import numpy as np
import pytest

from tenrso_ad.ops.contraction.spec import interleaved, read


@pytest.mark.parametrize(
    ("text", "ranks", "expected"),
    [
        ("ij,jk->ik", (2, 2), (("ij", "jk"), "ik")),
        ("ij,jk", (2, 2), (("ij", "jk"), "ik")),
        ("ba", (2,), (("ba",), "ab")),
        ("bA", (2,), (("bA",), "Ab")),
        ("ii", (2,), (("ii",), "")),
        ("iij", (3,), (("iij",), "j")),
        (" i j ->\tj i\n", (2,), (("ij",), "ji")),
        ("", (0,), (("",), "")),
        (",->", (0, 0), (("", ""), "")),
        ("...", (2,), (("ab",), "ab")),
        ("i...->...", (3,), (("iab",), "ab")),
        ("...,...", (2, 1), (("ab", "b"), "ab")),
        ("b...,...a->...", (2, 3), (("bd", "cda"), "cd")),
        ("j...i", (3,), (("jai",), "aij")),
        ("...i->i", (1,), (("i",), "i")),
        ("i->...i", (1,), (("i",), "i")),
    ],
)
def test_read(text, ranks, expected):
    assert read(text, ranks) == expected


def test_an_ellipsis_may_stand_for_more_axes_than_there_are_letters():
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    (first, second), output = read(f"{letters},...->...", (52, 5))
    assert first == letters
    assert len(set(second) - set(letters)) == 5
    assert output == second


def test_interleaved():
    a, b = np.ones((2, 3)), np.ones((3, 2))
    text, operands = interleaved([a, [0, 1], b, [1, np.int64(27)], [0, Ellipsis]])
    assert text == "AB,Bb->A..."
    assert operands == [a, b] or all(x is y for x, y in zip(operands, [a, b], strict=True))
