"""Products that are computed already, found again by the factors that they are made of."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...engine.graph import Atom, Constant, Equation, Variable
from ..rewriting import shape_of
from .reading import Group, Network, factor, is_linear, only_looks, read

DEEPEST = 6
"""Factors of the largest product that is looked for."""

Factors = Sequence[tuple[Atom, Sequence[Any]]]


class Found(NamedTuple):
    """A value that holds a product.

    Attributes
    ----------
    atom : Atom
    letters : tuple
        Of its axes, those of length 1 left out.
    number : float or complex
        The value is this number times the product.
    """

    atom: Atom
    letters: tuple[Any, ...]
    number: Any


class Entry(NamedTuple):
    """A value by the key of its product, with the numbers of the letters of its axes."""

    key: object
    atom: Atom
    order: tuple[int, ...]
    number: Any


class Pool:
    """The products of a graph.

    Parameters
    ----------
    equations : iterable of Equation
        In an order in which they can be computed.
    makers : mapping
        Equation of each value.
    constants : dict
        As for `read`.
    """

    def __init__(
        self,
        equations: Iterable[Equation],
        makers: Mapping[Atom, Equation],
        constants: dict[object, Constant],
    ) -> None:
        self._makers, self._constants = makers, constants
        self._counts: dict[Atom, int] = {}
        self._signatures: dict[Atom, int] = {}
        self._values: dict[int, list[Variable]] = {}
        self._entries: dict[Variable, Entry | None] = {}
        self._networks: dict[Atom, Network | None] = {}
        for e in equations:
            if not is_linear(e):
                continue
            parts = [a for a in e.inputs if shape_of(a) and factor(a) is None]
            count = sum([self._counts.get(a, 1) for a in parts])
            if count <= DEEPEST and all([shape_of(a) or factor(a) is not None for a in e.inputs]):
                (out,) = e.outputs
                self._counts[out] = count
                self._signatures[out] = sum([self.signature(a) for a in parts])
                if count > 1 and out.shape and not only_looks(e):
                    self._values.setdefault(self._signatures[out], []).append(out)

    def signature(self, atom: Atom) -> int:
        """A number that the product of the same factors has too."""
        found = self._signatures.get(atom)
        if found is None:
            found = _identity(atom) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFF
            self._signatures[atom] = found
        return found

    def promising(self, signature: int) -> bool:
        """Whether any value has a signature."""
        return signature in self._values

    def look_up(
        self, key: object, numbers: Mapping[Any, int], signature: int, gone: Container[Variable]
    ) -> Found | None:
        """Find a value that is not gone by the key and signature of its factors."""
        for value in self._values.get(signature, ()):
            if value not in gone and value in self._makers:
                entry = self._entry(value)
                if entry is not None and entry.key == key:
                    return found(entry, numbers)
        return None

    def expanded(self, atom: Atom, letters: Sequence[Any]) -> tuple[Any, Factors]:
        """A factor as a number and the factors that it is made of."""
        network = self._network(atom)
        if network is None or len(network.out) != len(letters):
            return 1.0, [(atom, letters)]
        names: dict[int, Any] = dict(zip(network.out, letters, strict=True))
        inner = object()
        return network.number, [
            (a, [names.setdefault(c, (inner, c, network.sizes[c])) for c in own])
            for a, own in network.factors
        ]

    def _entry(self, value: Variable) -> Entry | None:
        if value not in self._entries:
            network, entry = self._network(value), None
            if network is not None:
                key, numbers = canonical(network.factors, network.out, network.sizes)
                order = tuple([numbers[c] for c in network.out])
                entry = Entry(key, value, order, network.number)
            self._entries[value] = entry
        return self._entries[value]

    def _network(self, atom: Atom) -> Network | None:
        """What a product is made of, down to what is no product."""
        if atom not in self._networks:
            network = None
            if atom in self._counts and isinstance(atom, Variable):
                inside = self._counts
                done = read(atom, self._makers, lambda a, e: a in inside, DEEPEST, self._constants)
                network = None if done is None else done[0][0]
                if network is not None and (
                    network.scalars or {*network.out} - {c for _, t in network.factors for c in t}
                ):
                    network = None
            self._networks[atom] = network
        return self._networks[atom]


def found(entry: Entry, numbers: Mapping[Any, int]) -> Found:
    """An entry in the letters of whoever looks for it."""
    letters = {n: c for c, n in numbers.items()}
    return Found(entry.atom, tuple([letters[n] for n in entry.order]), entry.number)


def canonical(
    factors: Factors, kept: Iterable[Any], sizes: Mapping[Any, int]
) -> tuple[object, dict[Any, int]]:
    """A key that equal products share, and the numbers that it gives to the letters."""
    numbers: dict[Any, int] = {}
    lengths: list[int] = []
    parts: list[tuple[int, Group]] = []
    many = len(factors)
    ordered = sorted(factors, key=lambda f: _identity(f[0]))
    for identity, same in itertools.groupby(ordered, key=lambda f: _identity(f[0])):
        terms = [letters for _, letters in same]
        while terms:
            term = min(terms, key=lambda t: [numbers.get(c, 99 + many) for c in t])
            terms.remove(term)
            for c in term:
                if c not in numbers:
                    numbers[c] = len(numbers)
                    lengths.append(sizes[c] if c in sizes else c[2])
            parts.append((identity, tuple([numbers[c] for c in term])))
    return (
        tuple(parts),
        frozenset([numbers[c] for c in kept if c in numbers]),
        tuple(lengths),
    ), numbers


def _identity(atom: Atom) -> int:
    return id(atom.value) if isinstance(atom, Constant) else id(atom)
