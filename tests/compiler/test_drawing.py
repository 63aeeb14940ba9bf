"""Pictures of graphs: what is on them, and that nothing lies on anything else."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import tenrso_ad as ta
import tenrso_ad.numpy as tnp
from tenrso_ad.compiler.drawing import dot, draw, svg
from tenrso_ad.engine.staging import stage

SVG = "{http://www.w3.org/2000/svg}"


def loss(x, w):
    h = tnp.tanh(tnp.matmul(x, w)) + 2.5
    return tnp.sum(tnp.exp(h.T) * h.T), h


GRAPHS = {
    "staged": lambda: stage(loss, np.ones((3, 4)), np.ones((4, 4))),
    "gradient": lambda: stage(
        lambda x, w: ta.grad(lambda *a: loss(*a)[0], (0, 1))(x, w), np.ones((3, 4)), np.ones((4, 4))
    ),
    "empty": lambda: stage(lambda: [1.0]),
    "unread input": lambda: stage(lambda x: [np.ones(3)], np.ones(2)),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_every_equation_has_a_box_of_its_own(name):
    graph = GRAPHS[name]()
    root = ElementTree.fromstring(svg(graph))
    left, top, width, height = map(float, root.get("viewBox").split())
    boxes = [
        [float(r.get(k)) for k in ("x", "y", "width", "height")]
        for r in root.findall(f"{SVG}rect")[1:]
    ]
    assert len(boxes) == len(graph.inputs) + len(graph.equations) + len(graph.outputs)
    for i, (x, y, w, h) in enumerate(boxes):
        assert left < x < x + w < left + width and top < y < y + h < top + height
        assert not any(
            x < x2 + w2 and x2 < x + w and y < y2 + h2 and y2 < y + h
            for x2, y2, w2, h2 in boxes[i + 1 :]
        )


def test_boxes_say_what_they_are():
    texts = [t.text for t in ElementTree.fromstring(svg(GRAPHS["staged"]())).iter(f"{SVG}text")]
    for text in ("a", "float64[3,4]", "contract ab,bc->ac", "add 2.5", "transpose", "output 1"):
        assert text in texts


def test_dot():
    text = dot(GRAPHS["staged"]())
    assert text.startswith("digraph {") and text.endswith("}\n")
    assert len(re.findall(r"n\d+ -> n\d+;", text)) == 12
    assert 'label="add 2.5\\nfloat64[3,4]", fillcolor' in text


def test_compiled_functions_are_drawn(tmp_path):
    f = ta.compile(ta.value_and_grad(lambda x: tnp.sum(tnp.tanh(x) * x)))
    f(np.ones(3))
    f.draw(tmp_path / "f.svg")
    assert "tanh_slope" in (tmp_path / "f.svg").read_text()
    f.draw(str(tmp_path / "f.dot"))
    assert "kernel" in (tmp_path / "f.dot").read_text()
    with pytest.raises(ta.errors.ArgumentError, match=r"ends in one of \.svg, \.dot, got 'f\.png'"):
        draw(f.graphs[0], "f.png")
