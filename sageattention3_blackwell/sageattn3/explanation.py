"""What a call would run, without running it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import torch

from sageattn3 import api
from sageattn3._tensor_checks import check_device

_information = torch.ops.sageattn3.build_information()
_FUNCTIONS = (api.sageattn3_blackwell, api.sageattn3_varlen)


@dataclass(frozen=True)
class Explanation:
    """The answer of `explain`; as a string, a few readable lines."""

    function: str
    device: str
    compute_capability: str | None
    """Of the CUDA device, e.g. ``"12.0"``; None elsewhere."""
    kernel: str | None
    """The CUDA kernel by its own name, ``"reference"`` (the emulation in plain PyTorch), or None: the call raises."""
    reasons: tuple[str, ...]
    emulated: tuple[str, ...]
    """Parts that something else stands in for."""

    def __str__(self) -> str:
        where = self.device if self.compute_capability is None else f"{self.device}, {self.compute_capability}"
        lines = [f"{self.function} on {where}: {self.kernel or 'no kernel'}", *self.reasons]
        lines += [f"emulated: {part}" for part in self.emulated]
        return "\n  ".join(lines)


def explain(q, k, v, *args, function=api.sageattn3_blackwell, **kwargs) -> Explanation:
    """What ``function(q, k, v, ...)`` would run, and why. Nothing is computed, fake tensors serve as well.

    Args:
        q, k, v, and the rest: the arguments of `sageattn3_blackwell`, or of `sageattn3_varlen`.
        function: that function.

    Raises what the call would raise for wrong arguments. Where it would raise NotImplementedError, the result has no
    kernel and that error's text among the reasons. For fake CUDA tensors on a machine without a GPU, the first compute
    capability of the build is assumed.
    """
    if function not in _FUNCTIONS:
        raise TypeError(f"sageattn3: function is {function!r:.80}; expected sageattn3_blackwell or sageattn3_varlen")
    call = inspect.signature(function).bind(q, k, v, *args, **kwargs)
    call.apply_defaults()
    arguments = {name: _as_meta(value) for name, value in call.arguments.items()}
    with torch.no_grad():
        function(*map(_as_meta, call.args), **{name: _as_meta(value) for name, value in call.kwargs.items()})
    _check_devices(call.arguments)
    device = q.device
    if device.type == "cpu":
        reasons = ("CPU tensors: the reference emulation is the only path",)
        emulated = ("q, k, v and p rounded to NVFP4 (e2m1 with e4m3 scales per 16); sums in fp32",)
        return Explanation(function.__name__, str(device), None, "reference", reasons, emulated)
    capability, source = _capability(device)
    kernel, reason = _cuda_kernel(arguments, capability)
    return Explanation(
        function.__name__,
        str(device),
        f"{capability // 10}.{capability % 10}",
        kernel,
        (source, reason) if reason else (source,),
        _emulated_instruction(kernel),
    )


def _as_meta(value):
    """A tensor without memory in place of one: same shape, strides, dtype."""
    if not isinstance(value, torch.Tensor) or value.layout != torch.strided or value.is_nested:
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")


def _check_devices(arguments) -> None:
    """What tensors without memory cannot show."""
    device = arguments["q"].device
    if device.type not in ("cuda", "cpu"):
        raise ValueError(f"sageattn3: q is on {device}; expected a CUDA device (kernels) or the CPU (reference)")
    for name, value in arguments.items():
        if isinstance(value, torch.Tensor):
            check_device(name, value, "q", arguments["q"])


def _capability(device) -> tuple[int, str]:
    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability(device)
        return 10 * major + minor, f"{device} has compute capability {major}.{minor}"
    major, minor = _information["architectures"].split()[0].split(".")
    return 10 * int(major) + int(minor), f"no CUDA device is visible: compute capability {major}.{minor} is assumed"


def _cuda_kernel(arguments, capability) -> tuple[str | None, str]:
    """Its name, or None and the reason. Packed sequences run the kernel of one that holds all tokens."""
    inputs = [arguments[name] for name in "qkv"]
    packed = "cu_seqlens_q" in arguments
    if packed:
        inputs = [tensor[None] for tensor in inputs]
    layout = "NHD" if packed else arguments["tensor_layout"]
    mask = None if packed else arguments["attn_mask"]
    names = ("is_causal", "sm_scale", "return_lse", "causal_alignment", "per_block_mean")
    is_causal, sm_scale, return_lse, alignment, per_block_mean = (arguments[name] for name in names)
    try:
        name = torch.ops.sageattn3.cuda_kernel_name(
            *inputs, layout, is_causal, sm_scale, return_lse, mask, alignment, per_block_mean, capability
        )
    except NotImplementedError as error:
        return None, str(error).splitlines()[0]
    return name, ""


def _emulated_instruction(kernel) -> tuple[str, ...]:
    if kernel is None or "emulated" not in kernel:
        return ()
    return ("the FP4 matrix instruction, by 16-bit ones on the same numbers: exact, and slower than 16-bit attention",)
