"""Tensor decompositions: models, kernels, losses, fits and their files."""

from tenrso_ad.decomposition.elementwise_losses import Loss, elementwise_loss
from tenrso_ad.decomposition.fit import FitProgress, FitResult, fit, largest_rank
from tenrso_ad.decomposition.gcp import Objective, gcp
from tenrso_ad.decomposition.io import load_model, load_tensor, save_result
from tenrso_ad.decomposition.kernels import khatri_rao, mode_dot, mttkrp, mttkrps
from tenrso_ad.decomposition.least_squares import squared_error
from tenrso_ad.decomposition.models import CPTensor, TensorRing, TTMatrix, TTTensor, TuckerTensor
from tenrso_ad.decomposition.objective import UnobservedSliceWarning
from tenrso_ad.decomposition.observations import Observations, observe
from tenrso_ad.decomposition.products import inner
from tenrso_ad.decomposition.proximal import proximal_step, soft_threshold
from tenrso_ad.decomposition.reconstruction import (
    CPReconstructionVJP,
    TTReconstructionVJP,
    TuckerReconstructionVJP,
)
from tenrso_ad.decomposition.riemannian import (
    TTTangent,
    TuckerTangent,
    grassmann_gradient,
    project,
    riemannian_gradient,
)
from tenrso_ad.decomposition.sampling import (
    Sample,
    Sampler,
    SemiStratified,
    Stratified,
    Uniform,
)
from tenrso_ad.decomposition.second_order import LossHessian, gauss_newton_vp
from tenrso_ad.decomposition.sparse import SparseTensor
from tenrso_ad.decomposition.stationary import cp_als
from tenrso_ad.decomposition.truncation import tt_svd

__all__ = [
    "CPReconstructionVJP",
    "CPTensor",
    "FitProgress",
    "FitResult",
    "Loss",
    "LossHessian",
    "Objective",
    "Observations",
    "Sample",
    "Sampler",
    "SemiStratified",
    "SparseTensor",
    "Stratified",
    "TTMatrix",
    "TTReconstructionVJP",
    "TTTangent",
    "TTTensor",
    "TensorRing",
    "TuckerReconstructionVJP",
    "TuckerTangent",
    "TuckerTensor",
    "Uniform",
    "UnobservedSliceWarning",
    "cp_als",
    "elementwise_loss",
    "fit",
    "gauss_newton_vp",
    "gcp",
    "grassmann_gradient",
    "inner",
    "khatri_rao",
    "largest_rank",
    "load_model",
    "load_tensor",
    "mode_dot",
    "mttkrp",
    "mttkrps",
    "observe",
    "project",
    "proximal_step",
    "riemannian_gradient",
    "save_result",
    "soft_threshold",
    "squared_error",
    "tt_svd",
]
