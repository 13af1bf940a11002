"""Quantized attention for PyTorch: INT8 query-key products on NVIDIA GPUs, and the same numerics on the CPU.

    from sageattention import sageattn
    output = sageattn(q, k, v, tensor_layout="HND", is_causal=True)

Importing fails with an ImportError that names the cause when the compiled library is missing or was built for
another torch.
"""

from sageattention._library import load as _load
from sageattention._version import __version__

_load()

# Needs the operators that load() brought.
from sageattention.core import sageattn  # noqa: E402

__all__ = ["__version__", "sageattn"]
