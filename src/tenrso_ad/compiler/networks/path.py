"""In which order the factors of a network are contracted, when some products are there already."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

Tree = int | tuple["Tree", "Tree"]
"""The number of a leaf, or two trees that are contracted."""

EXACT_UP_TO = 7
"""Factors up to which every tree is compared."""

CALL = 500.0
"""What a call of the BLAS costs beside its arithmetic, in elements copied."""

ELEMENTWISE = 0.25
"""What a kernel takes for an element of a product: it computes others in the same loop."""


def best_tree(
    terms: Sequence[Sequence[int]],
    out: Sequence[int],
    sizes: Mapping[int, int],
    known: Callable[[int], bool],
    share: Callable[[int], int] = lambda subset: 1,
) -> tuple[Tree, float]:
    """Find the cheapest order of pairwise contractions.

    Parameters
    ----------
    terms : sequence of letters
        One a factor.
    out : letters
    sizes : mapping
        Lengths of the letters.
    known : callable
        Whether the product of a subset of the factors, given as bits, need not be computed.
    share : callable
        How many need the product of a subset and bear its cost together.

    Returns
    -------
    tree
        Of numbers of factors; those from ``len(terms)`` on are known subsets: the number less
        ``len(terms)`` is the subset.
    cost : float
        Of the contractions; copies of operands come to it.

    Examples
    --------
    >>> sizes = {0: 99, 1: 99, 2: 99}
    >>> best_tree([(0, 1), (1, 2), (2,)], (0,), sizes, lambda subset: False)[0]
    (0, (1, 2))
    """
    return _Search(terms, out, sizes, known, share).tree()


class _Search:
    def __init__(
        self,
        terms: Sequence[Sequence[int]],
        out: Sequence[int],
        sizes: Mapping[int, int],
        known: Callable[[int], bool],
        share: Callable[[int], int],
    ) -> None:
        self.count = len(terms)
        self.place = {c: i for i, c in enumerate(sizes)}
        self.lengths = list(sizes.values())
        self.own = [self.mask(t) for t in terms]
        self.out = self.mask(out)
        self.known, self.share = known, share
        self.volumes: dict[int, int] = {}
        self.letters: dict[int, int] = {}

    def mask(self, letters: Sequence[int]) -> int:
        bits = 0
        for c in letters:
            bits |= 1 << self.place[c]
        return bits

    def volume(self, letters: int) -> int:
        """Elements of an array with these letters."""
        found = self.volumes.get(letters)
        if found is None:
            found, rest, i = 1, letters, 0
            while rest:
                if rest & 1:
                    found *= self.lengths[i]
                rest >>= 1
                i += 1
            self.volumes[letters] = found
        return found

    def kept(self, subset: int) -> int:
        """Letters that the product of a subset has."""
        found = self.letters.get(subset)
        if found is None:
            inside, outside = 0, self.out
            for i, own in enumerate(self.own):
                if subset >> i & 1:
                    inside |= own
                else:
                    outside |= own
            self.letters[subset] = found = inside & outside
        return found

    def price(self, one: int, other: int, kept: int) -> float:
        """What the contraction of two arrays costs, given their letters and those of the result."""
        both = one | other
        if both == kept:
            return self.volume(kept) * ELEMENTWISE
        if one == other:
            return self.volume(both) * 2 * ELEMENTWISE
        moved = self.volume(one) + self.volume(other) + self.volume(kept)
        return self.volume(both) / 16 + moved / 8 + CALL

    def leaf(self, subset: int) -> Tree:
        return subset.bit_length() - 1 if not subset & (subset - 1) else self.count + subset

    def tree(self) -> tuple[Tree, float]:
        everything = (1 << self.count) - 1
        if self.known(everything):
            return self.leaf(everything), 0.0
        return self.exact() if self.count <= EXACT_UP_TO else self.greedy()

    def exact(self) -> tuple[Tree, float]:
        """Compare all trees, from small subsets to large ones."""
        cost: dict[int, float] = {1 << i: 0.0 for i in range(self.count)}
        halves: dict[int, int] = {}
        everything = (1 << self.count) - 1
        subsets = [s for s in range(1, everything + 1) if s & (s - 1)]
        for subset in subsets:
            if subset != everything and self.known(subset):
                cost[subset] = 0.0
                continue
            kept, best, share = self.kept(subset), float("inf"), self.share(subset)
            low = subset & -subset
            part = (subset - 1) & subset
            while part:
                if part & low:
                    rest = subset ^ part
                    total = cost[part] + cost[rest]
                    if total < best:
                        total += self.price(self.kept(part), self.kept(rest), kept) / share
                        if total < best:
                            best, halves[subset] = total, part
                part = (part - 1) & subset
            cost[subset] = best

        def built(subset: int) -> Tree:
            if subset not in halves:
                return self.leaf(subset)
            return built(halves[subset]), built(subset ^ halves[subset])

        return built(everything), cost[everything]

    def greedy(self) -> tuple[Tree, float]:
        """Contract the pair that shrinks most, again and again."""
        alive: dict[int, Tree] = {1 << i: i for i in range(self.count)}
        cost = 0.0
        while len(alive) > 1:

            def gain(pair: tuple[int, int]) -> tuple[float, float]:
                one, other = self.kept(pair[0]), self.kept(pair[1])
                kept = self.kept(pair[0] | pair[1])
                both = pair[0] | pair[1]
                price = 0.0 if self.known(both) else self.price(one, other, kept)
                return self.volume(kept) - self.volume(one) - self.volume(other), price

            one, other = min(itertools.combinations(alive, 2), key=gain)
            left, right = alive.pop(one), alive.pop(other)
            both = one | other
            cost += gain((one, other))[1]
            alive[both] = self.leaf(both) if self.known(both) else (left, right)
        (tree,) = alive.values()
        return tree, cost
