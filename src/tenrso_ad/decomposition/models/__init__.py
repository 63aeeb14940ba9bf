"""Decomposed tensors as pytrees: a model holds its parts, and never the dense tensor."""

from tenrso_ad.decomposition.models.base import Model
from tenrso_ad.decomposition.models.cp import CPTensor
from tenrso_ad.decomposition.models.tensor_ring import TensorRing
from tenrso_ad.decomposition.models.tensor_train import TTTensor
from tenrso_ad.decomposition.models.tt_matrix import TTMatrix
from tenrso_ad.decomposition.models.tucker import TuckerTensor

__all__ = ["CPTensor", "Model", "TTMatrix", "TTTensor", "TensorRing", "TuckerTensor"]
