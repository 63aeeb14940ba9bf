"""Reading an einsum specification: what the user wrote becomes one term of letters an operand."""

from __future__ import annotations

import functools
import operator
import string
from collections.abc import Sequence
from typing import Any

from ...engine.errors import EinsumError
from .lowering import letter


@functools.lru_cache(maxsize=1024)
def read(text: str, ranks: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """Read an einsum specification.

    Parameters
    ----------
    text : str
        As for NumPy: ``"ij,jk->ik"``, ``"ij,jk"``, ``"...ij,...jk->...ik"``; spaces do not matter.
    ranks : tuple of int
        Number of axes of each operand.

    Returns
    -------
    terms : tuple of str
        One an operand, a letter an axis.
    output : str

    Raises
    ------
    EinsumError
        A specification that cannot be read or does not fit the operands.

    Examples
    --------
    >>> read("...ij, ...jk", (3, 2))
    (('aij', 'jk'), 'aik')
    """
    call = f"einsum('{text}')"
    inputs, arrow, output = "".join(text.split()).partition("->")
    written = inputs.split(",")
    if len(written) != len(ranks):
        raise EinsumError(
            f"{call}: the specification has {len(written)} operands, {len(ranks)} were given"
        )
    for term in (*written, output):
        _check_term(call, term)
    extra = [
        _ellipsis_rank(call, term, rank, place)
        for place, (term, rank) in enumerate(zip(written, ranks, strict=True))
    ]
    fresh = (letter(n) for n in range(len(text) + 64))
    dots = [c for c in fresh if c not in text][: max(extra)]
    terms = tuple(
        term.replace("...", "".join(dots[len(dots) - n :]))
        for term, n in zip(written, extra, strict=True)
    )
    if not arrow:
        everything = "".join(written).replace(".", "")
        output = "..." + "".join(sorted(c for c in everything if everything.count(c) == 1))
    elif dots and "..." not in output:
        raise EinsumError(
            f"{call}: the ellipsis stands for {len(dots)} axes that the output does not have; "
            "write '...' in the output, or sum over them with letters of their own"
        )
    result = output.replace("...", "".join(dots))
    known = set("".join(terms))
    for c in result:
        if c not in known:
            raise EinsumError(f"{call}: output letter '{c}' stands in no operand")
        if result.count(c) > 1:
            raise EinsumError(f"{call}: output letter '{c}' stands twice in the output")
    return terms, result


def _check_term(call: str, term: str) -> None:
    """Refuse anything but ASCII letters and one ellipsis."""
    for character in term.replace("...", "", 1):
        if character == ".":
            raise EinsumError(
                f"{call}: '{term}' has a '.' that is not part of its one ellipsis '...'"
            )
        if character not in string.ascii_letters:
            raise EinsumError(f"{call}: '{character}' is not a letter, an ellipsis, ',' or '->'")


def _ellipsis_rank(call: str, term: str, rank: int, place: int) -> int:
    """How many axes the ellipsis of a term stands for."""
    letters = len(term.replace("...", ""))
    if letters > rank or (letters < rank and "..." not in term):
        hint = " (write '...' for the rest)" if letters < rank else ""
        raise EinsumError(
            f"{call}: '{term}' names {letters} axes, operand {place} has {rank}{hint}"
        )
    return rank - letters


def interleaved(arguments: Sequence[Any]) -> tuple[str, list[Any]]:
    """Read ``einsum(a, [0, 1], b, [1, 2], [0, 2])``: the specification as text, and the operands.

    Raises
    ------
    EinsumError
        A list that holds anything but integers from 0 to 51 and Ellipsis.
    """
    pairs = len(arguments) // 2
    if not pairs:
        raise EinsumError(
            "einsum: wants a specification and at least one operand, as in "
            "einsum('ij,jk->ik', a, b) or einsum(a, [0, 1], b, [1, 2], [0, 2])"
        )
    text = ",".join(_term(labels) for labels in arguments[1 : 2 * pairs : 2])
    if len(arguments) % 2:
        text += "->" + _term(arguments[-1])
    return text, list(arguments[0 : 2 * pairs : 2])


# in ASCII order, so that an output that is not written has its axes in the order of the integers
_LABELS = dict(enumerate(string.ascii_uppercase + string.ascii_lowercase))


def _term(labels: Any) -> str:
    try:
        return "".join("..." if n is Ellipsis else _LABELS[operator.index(n)] for n in labels)
    except (TypeError, KeyError):
        raise EinsumError(
            "einsum: the axes of an operand are a list of integers from 0 to 51 and Ellipsis, got "
            f"{labels!r}"
        ) from None
