"""What a call would run, without running it."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sageattention import core

_information = torch.ops.sageattention.build_information()
_FUNCTIONS = tuple(value for name, value in vars(core).items() if name.startswith("sageattn"))


@dataclass(frozen=True)
class Explanation:
    """The answer of `explain`; as a string, a few readable lines."""

    function: str
    device: str
    compute_capability: str | None
    """Of the CUDA device, e.g. ``"9.0"``; None elsewhere."""
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


def explain(q, k, v, *args, function=core.sageattn, **kwargs) -> Explanation:
    """What ``function(q, k, v, ...)`` would run, and why. Nothing is computed, fake tensors serve as well.

    Args:
        q, k, v, and the rest: the arguments of `sageattn`, or of another public function.
        function: that function.

    Raises what the call would raise for wrong arguments. Where it would raise NotImplementedError, the result has no
    kernel and that error's text among the reasons. For fake CUDA tensors on a machine without a GPU, the first compute
    capability of the build is assumed.
    """
    if function not in _FUNCTIONS:
        names = ", ".join(known.__name__ for known in _FUNCTIONS)
        raise TypeError(f"sageattention: function is {function!r:.80}; expected one of {names}")
    call = inspect.signature(function).bind(q, k, v, *args, **kwargs)
    _check_devices(call.arguments)
    with torch.no_grad(), _Recorder() as recorder:
        function(*map(_as_meta, call.args), **{name: _as_meta(value) for name, value in call.kwargs.items()})
    options = recorder.arguments
    device = q.device
    emulated = _stand_ins(function)
    if device.type != "cuda":
        reasons = _choice(function, options, "reference")
        reasons += ("CPU tensors: the reference emulation is the only path",)
        return Explanation(
            function.__name__, str(device), None, "reference", reasons, emulated + _reference_parts(q, options)
        )
    capability, source = _capability(device)
    kernel, reason = _cuda_kernel(recorder, capability)
    reasons = _choice(function, options, kernel)
    reasons += (source, reason) if reason else (source,)
    if function is core.sageattn_qk_int8_pv_fp8_cuda_sm90 and kernel and kernel.startswith("sm89"):
        emulated += ("sm90: the kernel on wgmma needs capability 9.0 and a build for it, one on mma.sync stands in",)
    if kernel == "reference":
        emulated += _reference_parts(q, options)
    return Explanation(
        function.__name__, str(device), f"{capability // 10}.{capability % 10}", kernel, reasons, emulated
    )


def _check_devices(arguments) -> None:
    """What the call says of devices: meta tensors, which stand in for its own, are all on one."""
    q = arguments["q"]
    for name, value in arguments.items():
        if not isinstance(value, torch.Tensor) or not isinstance(q, torch.Tensor):
            continue
        if value.device.type not in ("cpu", "cuda"):
            raise ValueError(
                f"sageattention: {name} is on {value.device}; expected a CUDA device (kernels) or the CPU (reference)"
            )
        if value.device != q.device:
            raise ValueError(f"sageattention: {name} is on {value.device} but q is on {q.device}; expected one device")


class _Recorder(TorchDispatchMode):
    """Sees the one operator call that a public function makes."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        schema = func._schema.arguments
        if func.namespace == "sageattention":
            self.operator = func
            self.arguments = {argument.name: argument.default_value for argument in schema}
            self.arguments.update(zip((argument.name for argument in schema), args))
            self.arguments.update(kwargs or {})
        return func(*args, **(kwargs or {}))


def _as_meta(value):
    """A tensor without memory in place of one: same shape, strides, dtype."""
    if not isinstance(value, torch.Tensor) or value.layout != torch.strided or value.is_nested:
        return value
    return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="meta")


def _capability(device) -> tuple[int, str]:
    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability(device)
        return 10 * major + minor, f"{device} has compute capability {major}.{minor}"
    major, minor = _information["architectures"].split()[0].split(".")
    return 10 * int(major) + int(minor), f"no CUDA device is visible: compute capability {major}.{minor} is assumed"


def _cuda_kernel(recorder, capability) -> tuple[str | None, str]:
    operators = torch.ops.sageattention
    name = operators.cuda_kernel_name if recorder.operator is core._attention else operators.varlen_cuda_kernel_name
    try:
        return name(*recorder.arguments.values(), capability), ""
    except NotImplementedError as error:
        return None, str(error).splitlines()[0]


def _choice(function, options, kernel) -> tuple[str, ...]:
    if options["kernel_family"] != "auto":
        return (f"{function.__name__} names its kernel",)
    forced = os.environ.get("SAGEATTENTION_KERNEL")
    if forced:
        return (f"SAGEATTENTION_KERNEL is {forced}",)
    if kernel is not None and "_decode_" in kernel:
        return (
            f"{function.__name__} chose: few queries share each key, so k and v are read once, in 16 bits; quantizing "
            "them would take longer",
        )
    return (
        f"{function.__name__} chose: FP8 values where the kernel on wgmma runs and is the fastest, 16-bit "
        "values, which are more accurate, elsewhere",
    )


def _stand_ins(function) -> tuple[str, ...]:
    if function is core.sageattn_qk_int8_pv_fp16_triton:
        return ("Triton: there is no Triton path yet, the CUDA kernels (or their emulation) run in its place",)
    return ()


def _reference_parts(q, options) -> tuple[str, ...]:
    """What the emulation rounds, and what it does not."""
    kernel, granularity, accumulators = (options[name] for name in ("kernel_family", "qk_quant_gran", "pv_accum_dtype"))
    if kernel == "auto":
        kernel = os.environ.get("SAGEATTENTION_KERNEL")
    if accumulators == "auto":  # the first that each family knows (csrc/torch/options.cpp)
        accumulators = {"fp8": "fp32+fp16", "fp8_sm90": "fp32+fp32"}.get(kernel, "fp32")
    if kernel == "decode":
        return (f"p rounded to {str(q.dtype).removeprefix('torch.')}, nothing quantized",)
    if kernel in ("fp8", "fp8_sm90"):
        values = "float8_e4m3fn"
    elif accumulators == "fp32" and not options["smooth_v"] and q.dtype != torch.float32:
        values = str(q.dtype).removeprefix("torch.")
    else:
        values = "float16"
    parts = [f"INT8 q and k, {granularity} scales", f"p and v rounded to {values}"]
    if accumulators != "fp32":
        parts.append(f"{accumulators} accumulators, by fp32 sums")
    return tuple(parts)
