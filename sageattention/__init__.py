"""Quantized attention for PyTorch: INT8 query-key products on NVIDIA GPUs, and the same numerics on the CPU.

    from sageattention import sageattn
    output = sageattn(q, k, v, tensor_layout="HND", is_causal=True)

Importing fails with an ImportError that names the cause when the compiled library is missing or was built for
another torch.
"""

from sageattention._library import load as _load
from sageattention._version import __version__

_load()

# Need the operators that load() brought.
from sageattention.core import (  # noqa: E402
    sageattn,
    sageattn_qk_int8_pv_fp8_cuda,
    sageattn_qk_int8_pv_fp8_cuda_sm90,
    sageattn_qk_int8_pv_fp16_cuda,
    sageattn_qk_int8_pv_fp16_triton,
    sageattn_varlen,
)
from sageattention.explanation import Explanation, explain  # noqa: E402

__all__ = [
    "Explanation",
    "__version__",
    "explain",
    "sageattn",
    "sageattn_qk_int8_pv_fp8_cuda",
    "sageattn_qk_int8_pv_fp8_cuda_sm90",
    "sageattn_qk_int8_pv_fp16_cuda",
    "sageattn_qk_int8_pv_fp16_triton",
    "sageattn_varlen",
]
