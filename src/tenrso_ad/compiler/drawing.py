"""Pictures of graphs: SVG, laid out here, or DOT for Graphviz.

Operations stand in layers below what they read, after Sugiyama, Tagawa and Toda (1981): long edges
go through a point in each layer, neighbours are sorted by where what they are joined to stands, and
places along a layer are those closest to it in the sense of least squares.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..engine.errors import ArgumentError
from ..engine.graph import Atom, Constant, Equation, Graph, Variable
from .expressions import VIEWS

LINES = 6
"""Operations of a kernel that its box names."""

COLOURS = {
    "input": "#d7e8d4",
    "output": "#f3ddc6",
    "kernel": "#d3e2f2",
    "view": "#f2f2f2",
    "call": "#ffffff",
}


@dataclass(eq=False)
class Box:
    """A node of the picture, or a point that a long edge goes through.

    Attributes
    ----------
    kind : str
        A key of `COLOURS`; "" for a point.
    title : str
    lines : list of str
        Below the title.
    """

    kind: str = ""
    title: str = ""
    lines: list[str] = field(default_factory=list)
    layer: int = 0
    x: float = 0.0
    above: list[Box] = field(default_factory=list)
    below: list[Box] = field(default_factory=list)

    @property
    def width(self) -> float:
        """Room along a layer."""
        if not self.kind:
            return 6.0
        return max(7.4 * len(self.title), *(6.3 * len(line) for line in self.lines), 30.0) + 16

    @property
    def height(self) -> float:
        """Room across a layer."""
        return 26.0 + 14 * len(self.lines) if self.kind else 0.0


def draw(graph: Graph, path: str | Path) -> None:
    """Write a picture of a graph.

    Parameters
    ----------
    graph : Graph
    path : str or Path
        A file whose name ends in ``.svg`` or ``.dot``.

    Raises
    ------
    ArgumentError
        Another ending.
    """
    path = Path(path)
    makers = {".svg": svg, ".dot": dot}
    if path.suffix not in makers:
        raise ArgumentError(
            f"draw: the name of the file ends in one of {', '.join(makers)}, got {str(path)!r}"
        )
    path.write_text(makers[path.suffix](graph), encoding="utf-8")


def dot(graph: Graph) -> str:
    """Describe a graph in Graphviz' language."""
    boxes, edges = _boxes(graph)
    names = {box: f"n{i}" for i, box in enumerate(boxes)}
    lines = ["digraph {", '  node [shape=box, style="filled,rounded", fontname="Helvetica"];']
    for box, name in names.items():
        label = "\\n".join([box.title, *box.lines]).replace('"', '\\"')
        lines.append(f'  {name} [label="{label}", fillcolor="{COLOURS[box.kind]}"];')
    lines += [f"  {names[one]} -> {names[two]};" for one, two in edges]
    return "\n".join([*lines, "}", ""])


def svg(graph: Graph) -> str:
    """Draw a graph."""
    boxes, edges = _boxes(graph)
    layers = _lay_out(boxes, edges)
    tops: list[float] = []
    y = 12.0
    for layer in layers:
        tops.append(y)
        y += max(box.height for box in layer) + 34
    everything = [box for layer in layers for box in layer]
    left = min((box.x - box.width / 2 for box in everything), default=0) - 12
    right = max((box.x + box.width / 2 for box in everything), default=0) + 12
    heights = [max(box.height for box in layer) for layer in layers]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:.0f} 0 {right - left:.0f} {y:.0f}"'
        f' width="{right - left:.0f}" height="{y:.0f}" font-family="Helvetica, Arial, sans-serif"'
        ' text-anchor="middle">',
        f'<rect x="{left:.0f}" width="100%" height="100%" fill="white"/>',
        '<g fill="none" stroke="#8a8a8a" stroke-width="1.1">',
    ]
    for box in everything:
        start = tops[box.layer] + box.height if box.kind else tops[box.layer]
        floor = tops[box.layer] + heights[box.layer]
        for other in box.below:
            end = tops[other.layer]
            middle = (floor + end) / 2
            parts.append(
                f'<path d="M{box.x:.1f} {start:.1f}V{floor:.1f}'
                f"C{box.x:.1f} {middle:.1f} {other.x:.1f} {middle:.1f} {other.x:.1f} {end:.1f}"
                + ("" if other.kind else f"V{end + heights[other.layer]:.1f}")
                + '"/>'
            )
    parts.append("</g>")
    for box in boxes:
        parts += _drawn(box, tops[box.layer])
    return "\n".join([*parts, "</svg>", ""])


def _drawn(box: Box, top: float) -> list[str]:
    x, width, height = box.x - box.width / 2, box.width, box.height
    parts = [
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="5"'
        f' fill="{COLOURS[box.kind]}" stroke="#5a5a5a" stroke-width="0.8"/>'
    ]
    for i, line in enumerate([box.title, *box.lines]):
        style = 'font-size="13"' if i == 0 else 'font-size="11" fill="#444"'
        y = top + 18 + 14 * i
        parts.append(f'<text x="{box.x:.1f}" y="{y:.1f}" {style}>{html.escape(line)}</text>')
    return parts


# --- boxes ----------------------------------------------------------------------------------------


def _boxes(graph: Graph) -> tuple[list[Box], list[tuple[Box, Box]]]:
    """A box for each input, equation and output, and who reads whose values."""
    boxes: list[Box] = []
    edges: dict[tuple[Box, Box], None] = {}
    maker: dict[Atom, Box] = {}

    def add(box: Box, reads: Sequence[Atom] = (), makes: Sequence[Atom] = ()) -> None:
        boxes.append(box)
        edges.update(((maker[a], box), None) for a in reads if isinstance(a, Variable))
        maker.update((v, box) for v in makes)

    for v in graph.inputs:
        add(Box("input", str(v), [str(v.type)]), (), [v])
    for e in graph.equations:
        add(_box(e), e.inputs, e.outputs)
    for i, o in enumerate(graph.outputs):
        add(Box("output", f"output {i}", [str(o)] if isinstance(o, Constant) else []), [o])
    return boxes, list(edges)


def _box(e: Equation) -> Box:
    types = list(dict.fromkeys(str(v.type) for v in e.outputs))
    if e.bodies:
        names = Counter(b.primitive.name for body in e.bodies for b in body.equations)
        lines = [name if n == 1 else f"{n} x {name}" for name, n in names.most_common()]
        if len(lines) > LINES:
            lines[LINES - 1 :] = [f"and {len(lines) - LINES + 1} others"]
        return Box("kernel", "kernel", lines + types)
    numbers = [str(a) for a in e.inputs if isinstance(a, Constant)]
    spec = [e.params["spec"]] if e.primitive.name == "contract" else []
    kind = "view" if e.primitive.name in VIEWS else "call"
    return Box(kind, " ".join([e.primitive.name, *spec, *numbers]), types)


# --- layout ---------------------------------------------------------------------------------------


def _lay_out(boxes: Sequence[Box], edges: Sequence[tuple[Box, Box]]) -> list[list[Box]]:
    """Give every box a layer and a place in it; points that edges go through are added."""
    reads: dict[Box, list[Box]] = {box: [] for box in boxes}
    readers: dict[Box, list[Box]] = {box: [] for box in boxes}
    for one, two in edges:
        readers[one].append(two)
        reads[two].append(one)
    for box in boxes:  # whoever reads stands after whom it reads
        box.layer = max((r.layer + 1 for r in reads[box]), default=0)
    for box in boxes:
        if not reads[box] and readers[box]:
            box.layer = min(r.layer for r in readers[box]) - 1
    layers: list[list[Box]] = [[] for _ in range(max((b.layer for b in boxes), default=-1) + 1)]
    for box in boxes:
        layers[box.layer].append(box)
    for box in boxes:
        last = box
        for reader in sorted(readers[box], key=lambda r: r.layer):
            while last.layer + 1 < reader.layer:
                point = Box(layer=last.layer + 1)
                layers[point.layer].append(point)
                _join(last, point)
                last = point
            _join(last, reader)
    for sweep in range(12):
        _sort(layers, sweep % 2 == 0)
    for layer in layers:
        x = 0.0
        for box in layer:
            box.x, x = x + box.width / 2, x + box.width + 14
    for sweep in range(48 if sum(map(len, layers)) < 2000 else 8):
        for layer in layers if sweep % 2 == 0 else layers[::-1]:
            _spread(layer)
    return layers


def _join(one: Box, two: Box) -> None:
    one.below.append(two)
    two.above.append(one)


def _sort(layers: list[list[Box]], downwards: bool) -> None:
    """Sort each layer by the mean place of the neighbours in the layer before it."""
    place = {box: i for layer in layers for i, box in enumerate(layer)}
    for layer in layers if downwards else layers[::-1]:

        def wish(box: Box) -> float:
            near = box.above if downwards else box.below
            return sum(place[n] for n in near) / len(near) if near else place[box]

        layer.sort(key=wish)
        place.update((box, i) for i, box in enumerate(layer))


def _spread(layer: list[Box]) -> None:
    """Move the boxes of a layer to their neighbours, as near as their order and widths allow.

    That is a monotone regression of the wished places less the room to the left of each: blocks of
    boxes that would overlap are pooled at their mean.
    """
    offsets: list[float] = []
    x = 0.0
    for box in layer:
        offsets.append(x + box.width / 2)
        x += box.width + 14
    blocks: list[tuple[float, float, int]] = []  # sum of weights times wishes, of weights, boxes
    for box, offset in zip(layer, offsets, strict=True):
        near = [n.x for n in (*box.above, *box.below)]
        wish = (sum(near) / len(near) if near else box.x) - offset
        weight = 1.0 if box.kind else 8.0  # long edges go straight
        block = (weight * wish, weight, 1)
        while blocks and blocks[-1][0] / blocks[-1][1] > block[0] / block[1]:
            before = blocks.pop()
            block = (before[0] + block[0], before[1] + block[1], before[2] + block[2])
        blocks.append(block)
    boxes = iter(zip(layer, offsets, strict=True))
    for total, weight, count in blocks:
        for _ in range(count):
            box, offset = next(boxes)
            box.x = total / weight + offset
