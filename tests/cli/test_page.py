"""Reports of fits: a page for people, a line of JSON for machines."""

import base64
import io
import json
import os
import re

import matplotlib.image
import numpy as np
import pytest

from tenrso_ad.cli.main import main
from tenrso_ad.cli.page import residuals
from tenrso_ad.decomposition import SparseTensor, fit


def data():
    tensor = np.random.default_rng(0).random((5, 4, 3))
    tensor[1, 2, 0] = np.nan
    return tensor


def test_the_page_holds_everything(capsys):
    np.save("a & b.npy", data())
    words = ["fit", "a & b.npy", "--rank", "2", "--report", "r.html", "--out", "y.npz"]
    assert main(words) == 0
    assert "report           r.html" in capsys.readouterr().out
    with open("r.html", encoding="utf-8") as file:
        page = file.read()
    assert "tenrso-ad fit &#x27;a &amp; b.npy&#x27; --rank 2" in page
    assert not re.search(r"(src|href)=.?(?!data:)(http|/|\w+\.)", page)  # nothing outside it
    pictures = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    assert len(pictures) == 3
    for picture in pictures:
        assert matplotlib.image.imread(io.BytesIO(base64.b64decode(picture))).std() > 0.02
    result = fit(data(), 2, seed=0)
    left = (data() - result.model.to_dense())[~np.isnan(data())]
    assert "<th>number</th><td>59</td>" in page
    assert f"<th>root mean square</th><td>{np.sqrt(np.mean(left**2)):.6g}</td>" in page
    assert f"<th>median</th><td>{np.median(left):.6g}</td>" in page
    assert sorted(os.listdir()) == ["a & b.npy", "r.html", "y.npz"]


def test_residuals_of_every_kind_of_data():
    tensor = np.nan_to_num(data())
    result = fit(tensor, 1, seed=0)
    left = tensor - result.model.to_dense()
    mask = tensor > 0.5
    np.testing.assert_allclose(residuals(tensor, result, mask), left[mask])
    sparse = SparseTensor.from_array(np.where(mask, tensor, 0))
    np.testing.assert_allclose(np.sort(residuals(sparse, result, None)), np.sort(left[mask]))
    np.testing.assert_allclose(np.sort(residuals(tensor, result, sparse)), np.sort(left[mask]))


def test_json(capsys):
    np.save("x.npy", data())
    assert main(["fit", "x.npy", "--rank", "2", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    result = fit(data(), 2, seed=0)
    assert facts.pop("seconds") > 0
    assert facts == {
        "shape": [5, 4, 3], "format": "cp", "rank": 2, "loss": "gaussian",
        "objective": result.objective, "relative_error": result.relative_error,
        "iterations": result.iterations, "converged": True, "message": result.message,
        "result": "x-cp.npz", "plot": None, "report": None,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["r.txt", "nowhere/r.html"])
def test_the_place_of_the_page_is_checked_first(name, capsys):
    np.save("x.npy", data())
    assert main(["fit", "x.npy", "--rank", "2", "--report", name]) == 2
    assert capsys.readouterr().err.startswith(f"tenrso-ad: {name}: ")
    assert os.listdir() == ["x.npy"]
