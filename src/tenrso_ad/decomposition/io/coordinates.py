"""Tables of coordinates and values: .tns of FROSTT, CSV, TSV and Parquet.

Text is read a few thousand lines at a time, so that a wrong line is named by its number and nothing
is allocated but for what was read.
"""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tenrso_ad.decomposition.io.limits import refuse_key
from tenrso_ad.decomposition.sparse import LIMIT, SparseTensor
from tenrso_ad.engine.errors import ArgumentError

__all__ = ["read_csv", "read_parquet", "read_tns", "read_tns_gz", "read_tsv"]

CHUNK = 50_000
"""How many lines are read at once."""

LONGEST_LINE = 65_536
"""Text without line ends is no table."""

VALUE_NAMES = ("value", "values", "val", "vals")
"""The names of the column of values; without one it is the last."""

Lines = Iterator[tuple[int, str]]
Table = tuple[list[NDArray[np.int32]], NDArray[np.float64]]


def read_tns(file: BinaryIO, key: str | None, base: int | None) -> SparseTensor:
    """A sparse tensor as FROSTT keeps it: ``i j k value`` a line, indices from 1.

    A header may come first: the order, with the number of nonzeros or without, and the shape;
    ``sptensor`` may stand above it, and then the number of nonzeros below the shape.
    """
    refuse_key(key)
    lines = _lines(file)
    shape, count = None, None
    first = next(lines, None)
    toolbox = first is not None and first[1].strip() == "sptensor"
    if toolbox:
        first = next(lines, None)
    if first is not None and (toolbox or len(first[1].split()) <= 2):
        order, *rest = _integers(first, (1,) if toolbox else (1, 2))
        shape = _integers(next(lines, None), (order,))
        if toolbox:
            rest = _integers(next(lines, None), (1,))
        count = rest[0] if rest else None
        first = None
    body = lines if first is None else itertools.chain([first], lines)
    indices, values = _table(body, None, None, 1 if base is None else base)
    if count is not None and len(values) != count:
        raise ArgumentError(f"the header announces {count} nonzeros, the file holds {len(values)}")
    if shape is not None and indices and len(indices) != len(shape):
        raise ArgumentError(f"the header announces {len(shape)} modes, the lines {len(indices)}")
    return SparseTensor(indices or [[]] * len(shape or ()), values, shape)


def read_tns_gz(file: BinaryIO, key: str | None, base: int | None) -> SparseTensor:
    """A .tns file compressed by gzip."""
    with gzip.open(file) as stream:
        return read_tns(stream, key, base)  # type: ignore[arg-type]


def read_csv(file: BinaryIO, key: str | None, base: int | None) -> SparseTensor:
    """Comma-separated indices and values; indices from 0."""
    return _separated(file, key, base, ",")


def read_tsv(file: BinaryIO, key: str | None, base: int | None) -> SparseTensor:
    """Indices and values separated by tabulators; indices from 0."""
    return _separated(file, key, base, "\t")


def read_parquet(file: BinaryIO, key: str | None, base: int | None) -> SparseTensor:
    """A Parquet file of columns of indices and one of values; indices from 0."""
    refuse_key(key)
    try:
        import pandas
        import pyarrow  # noqa: F401
    except ImportError:
        raise ArgumentError("Parquet needs pandas and pyarrow") from None
    frame = pandas.read_parquet(file)
    place = _value_column([str(name) for name in frame.columns])
    columns = [frame.iloc[:, k].to_numpy() for k in range(frame.shape[1])]
    values = columns.pop(place)
    for name, column in zip(frame.columns.delete(place), columns, strict=True):
        if column.dtype.kind not in "iu":
            raise ArgumentError(f"wanted integers in the column {name!r}, got {column.dtype}")
    return SparseTensor([column.astype(np.int64) - (base or 0) for column in columns], values)


def _separated(file: BinaryIO, key: str | None, base: int | None, delimiter: str) -> SparseTensor:
    """A table with a line of names above it, or without."""
    refuse_key(key)
    lines = _lines(file)
    first = next(lines, None)
    place = None
    if first is not None:
        names = [name.strip().strip('"') for name in first[1].split(delimiter)]
        if any(_is_text(name) for name in names):
            place = _value_column(names)
        else:
            lines = itertools.chain([first], lines)
    indices, values = _table(lines, delimiter, place, base or 0)
    return SparseTensor(indices, values)


def _value_column(names: Sequence[str]) -> int:
    """Which column holds the values."""
    usual = [k for k, name in enumerate(names) if name.lower() in VALUE_NAMES]
    if len(names) < 3 or len(usual) > 1:
        raise ArgumentError(
            "wanted two or more columns of indices and one of values, got the columns "
            + ", ".join(names[:20])
        )
    return usual[0] if usual else len(names) - 1


def _is_text(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return True
    return False


def _lines(file: BinaryIO) -> Lines:
    """The lines with something in them but comments, and their numbers."""
    for number in itertools.count(1):
        raw = file.readline(LONGEST_LINE)
        if not raw:
            return
        if len(raw) == LONGEST_LINE:
            raise ArgumentError(f"line {number} is longer than {LONGEST_LINE} bytes; is it text?")
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").partition("#")[0]
        except UnicodeDecodeError:
            raise ArgumentError(f"line {number} is no text") from None
        if line.strip():
            yield number, line


def _integers(line: tuple[int, str] | None, counts: tuple[int, ...]) -> list[int]:
    """The numbers of a line of a header."""
    if line is None:
        raise ArgumentError("the file ends within its header")
    number, text = line
    words = text.split()
    if len(words) not in counts or not all(w.isascii() and w.isdigit() for w in words):
        wanted = " or ".join(map(str, counts))
        raise ArgumentError(
            f"line {number}: wanted {wanted} positive integers as a header, "
            f"got {text.strip()[:60]!r}"
        )
    return [int(word[:20]) for word in words]


def _table(lines: Lines, delimiter: str | None, place: int | None, base: int) -> Table:
    """Columns of indices from 0, and the values."""
    indices: list[list[NDArray[np.int32]]] = []
    values: list[NDArray[np.float64]] = []
    width = 0
    while chunk := list(itertools.islice(lines, CHUNK)):
        numbers = [number for number, _ in chunk]
        table = _parse([text for _, text in chunk], numbers, delimiter)
        width = width or table.shape[1]
        if table.shape[1] != width or width < 3:
            raise ArgumentError(
                f"line {numbers[0]}: wanted {width if width >= 3 else '3 or more'} numbers, "
                f"two or more indices and a value, got {table.shape[1]}"
            )
        at = width - 1 if place is None else place
        value, places = table[:, at], np.delete(table, at, axis=1)
        _check(value, places, numbers, base)
        values.append(value.copy())
        indices.append([c.astype(np.int32) for c in (places - base).T])
    if not values:
        return [], np.zeros(0)
    return [np.concatenate(parts) for parts in zip(*indices, strict=True)], np.concatenate(values)


def _parse(texts: list[str], numbers: list[int], delimiter: str | None) -> NDArray[np.float64]:
    """Lines as rows of numbers, or an error that names the first line that is none."""
    try:
        return np.loadtxt(texts, dtype=np.float64, comments=None, delimiter=delimiter, ndmin=2)
    except ValueError:
        width = len(texts[0].split(delimiter))
        for number, text in zip(numbers, texts, strict=True):
            words = text.split(delimiter)
            if len(words) != width:
                raise ArgumentError(
                    f"line {number}: wanted {width} numbers as above, got {len(words)}"
                ) from None
            for word in words:
                if _is_text(word):
                    raise ArgumentError(
                        f"line {number}: wanted a number, got {word.strip()[:60]!r}"
                    ) from None
        raise


def _check(
    values: NDArray[np.float64], places: NDArray[np.float64], numbers: list[int], base: int
) -> None:
    """Raise at the first line whose value or indices cannot be."""
    finite = np.isfinite(values)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ArgumentError(
            f"line {numbers[row]}: wanted a finite value, got {values[row]}; leave out what is "
            "missing"
        )
    with np.errstate(invalid="ignore"):
        good = (places >= base) & (places < LIMIT) & (places == np.rint(places))
    if not good.all():
        row, mode = (int(k) for k in np.argwhere(~good)[0])
        raise ArgumentError(
            f"line {numbers[row]}: wanted indices from {base} to {LIMIT - 1}, got "
            f"{places[row, mode]:.17g} in mode {mode}"
        )
