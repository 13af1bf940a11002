"""The public functions.

Each is one operator call: the operator (csrc/torch) checks the tensors and picks the CUDA kernels or, for CPU
tensors, the reference emulation.
"""

from __future__ import annotations

import torch

from sageattention import reference
from sageattention._checks import check_types

# Registrations end with their Library object: this one lives as long as the module.
_cpu_kernels = torch.library.Library("sageattention", "IMPL")
_cpu_kernels.impl("attention_reference", reference.attention, "CPU")

_attention = torch.ops.sageattention.attention.default
_information = torch.ops.sageattention.build_information()


def sageattn(q, k, v, tensor_layout="HND", is_causal=False, sm_scale=None, return_lse=False):
    """Attention with INT8 query-key products: ``softmax(q @ k.T * sm_scale) @ v``.

    Keys are smoothed (a per-head vector is subtracted, which leaves the softmax unchanged) and queries and keys
    are quantized to INT8 on the fly; probabilities and values stay in the dtype of the input, sums are fp32.

    Args:
        q: fp16 or bf16, ``[batch, heads_q, len_q, head_dim]`` for ``tensor_layout="HND"``, ``[batch, len_q,
            heads_q, head_dim]`` for ``"NHD"``. head_dim is 64 or 128. Any strides, but contiguous channels.
        k, v: as q with heads_kv heads and len_kv tokens; heads_q is a multiple of heads_kv.
        tensor_layout: ``"HND"`` or ``"NHD"``.
        is_causal: query i sees keys 0 to i (aligned at the top left, also if the lengths differ).
        sm_scale: multiplies ``q @ k.T``; None means ``head_dim ** -0.5``.
        return_lse: also return the natural logarithm of each row's sum of exponentials.

    Returns:
        The output: shape and dtype of q, contiguous. With ``return_lse`` a pair of it and the fp32 LSE
        ``[batch, heads_q, len_q]``. An empty q has an empty result.

    Raises:
        TypeError, ValueError: an argument is wrong; the message names it, its value and what is expected.
        NotImplementedError: this build has no kernel for the device's compute capability, or a gradient is asked
            for (the quantized attention has none).
    """
    check_types(q, k, v, tensor_layout, is_causal, sm_scale, return_lse)
    output, lse = _attention(q, k, v, tensor_layout, is_causal, sm_scale, return_lse)
    return (output, lse) if return_lse else output


def get_cuda_arch_versions() -> list[str]:
    """Compute capabilities of the visible CUDA devices, e.g. ``["sm90", "sm120"]``."""
    capabilities = (torch.cuda.get_device_capability(index) for index in range(torch.cuda.device_count()))
    return [f"sm{major}{minor}" for major, minor in capabilities]


# Which kernel families this build holds (the names that clients read). sm80: INT8 QK + FP16 PV.
SM80_ENABLED = bool(_information["architectures"])
SM89_ENABLED = False
SM90_ENABLED = False
