"""NumPy's fft: plain arrays in, plain arrays out; tensors in, tensors out.

`fftfreq` and `rfftfreq`, which make new arrays, are NumPy's own.
"""

from numpy.fft import fftfreq, rfftfreq

from ..ops.fourier.one_axis import fft, hfft, ifft, ihfft, irfft, rfft
from ..ops.fourier.several_axes import fft2, fftn, ifft2, ifftn, irfft2, irfftn, rfft2, rfftn
from ..ops.fourier.shifts import fftshift, ifftshift

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
