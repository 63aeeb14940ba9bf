"""Tensors from files of many formats, and results into files that a kill cannot tear."""

from tenrso_ad.decomposition.io.reading import READERS, load_tensor
from tenrso_ad.decomposition.io.results import WRITERS, load_model, save_result
from tenrso_ad.decomposition.io.writing import check_writable, write_atomically

__all__ = [
    "READERS",
    "WRITERS",
    "check_writable",
    "load_model",
    "load_tensor",
    "save_result",
    "write_atomically",
]
