"""Tensor decompositions: models, kernels, losses, fitting, files."""

from tenrso_ad.decomposition.kernels import khatri_rao, mode_dot, mttkrp, mttkrps
from tenrso_ad.decomposition.models import CPTensor
from tenrso_ad.decomposition.reconstruction import CPReconstructionVJP

__all__ = ["CPReconstructionVJP", "CPTensor", "khatri_rao", "mode_dot", "mttkrp", "mttkrps"]
