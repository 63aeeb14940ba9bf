"""What the namespace can do, for programs that ask."""

from __future__ import annotations

from typing import Any

import numpy as np

from .operands import check_device


class __array_namespace_info__:
    """Capabilities, devices and dtypes of the namespace.

    Inside `vmap` and staged functions a boolean index and other results whose shape depends on
    values are refused.

    Examples
    --------
    >>> import tenrso_ad as ta
    >>> ta.array_api.__array_namespace_info__().default_dtypes()["integral"]
    dtype('int64')
    """

    def capabilities(self) -> dict[str, Any]:
        """Give what the standard leaves open."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Give the device of new tensors."""
        return "cpu"

    def devices(self) -> list[str]:
        """Give the devices on which tensors are made."""
        return ["cpu"]

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """Give the dtypes of results that no operand decides."""
        check_device("default_dtypes", device)
        return {
            "real floating": np.dtype(np.float64),
            "complex floating": np.dtype(np.complex128),
            "integral": np.dtype(np.int_),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(
        self, *, device: Any = None, kind: str | tuple[str, ...] | None = None
    ) -> dict[str, Any]:
        """Give the dtypes of one or several kinds, or all."""
        check_device("dtypes", device)
        kinds = ("bool", "numeric") if kind is None else kind
        return {t.name: t for t in _DTYPES if np.isdtype(t, kinds)}


_DTYPES = [
    np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float32", "float64", "complex64", "complex128"),
    )
]
