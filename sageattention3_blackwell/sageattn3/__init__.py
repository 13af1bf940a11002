"""FP4 attention for PyTorch: NVFP4 products on NVIDIA GPUs, and the same numerics on the CPU.

    from sageattn3 import sageattn3_blackwell
    output = sageattn3_blackwell(q, k, v, is_causal=True)

Importing fails with an ImportError that names the cause when the compiled library is missing or was built for
another torch.
"""

from sageattn3._library import load as _load
from sageattn3._version import __version__

_load()

# Need the operators that load() brought.
from sageattn3.api import (  # noqa: E402
    blockscaled_fp4_attn,
    preprocess_qkv,
    sageattn3_blackwell,
    sageattn3_varlen,
    scale_and_quant_fp4,
    scale_and_quant_fp4_permute,
    scale_and_quant_fp4_transpose,
)
from sageattn3.explanation import Explanation, explain  # noqa: E402

__all__ = [
    "Explanation",
    "__version__",
    "blockscaled_fp4_attn",
    "explain",
    "preprocess_qkv",
    "sageattn3_blackwell",
    "sageattn3_varlen",
    "scale_and_quant_fp4",
    "scale_and_quant_fp4_permute",
    "scale_and_quant_fp4_transpose",
]
