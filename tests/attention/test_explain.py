"""explain(): what would run and why, on the CPU and on CUDA devices that are not there; the forced choice."""

from __future__ import annotations

import re

import pytest
import torch
from attention.helpers import Case
from torch._subclasses.fake_tensor import FakeTensorMode

CASE = Case(batch=2, heads_q=4, heads_kv=2, len_q=10, len_kv=7)


def on_fake_cuda(case):
    inputs = case.make_inputs("meta")
    with FakeTensorMode():
        return tuple(torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda") for tensor in inputs)


@pytest.fixture(autouse=True)
def no_forced_kernel(monkeypatch):
    monkeypatch.delenv("SAGEATTENTION_KERNEL", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_cpu(sageattention):
    explanation = sageattention.explain(*CASE.make_inputs(), is_causal=True)
    assert explanation.function == "sageattn"
    assert explanation.kernel == "reference"
    assert explanation.compute_capability is None
    assert "p and v rounded to float16" in explanation.emulated
    assert "sageattn on cpu: reference" in str(explanation)


def test_cuda_names_the_kernel(sageattention):
    explanation = sageattention.explain(*on_fake_cuda(CASE), attn_mask=None)
    assert explanation.kernel.startswith("sm80_qk_int8_pv_f16")
    assert "is assumed" in " ".join(explanation.reasons)
    assert explanation.emulated == ()


def test_the_capability_of_the_device_counts(sageattention, monkeypatch):
    inputs = on_fake_cuda(CASE)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    explanation = sageattention.explain(*inputs)
    assert explanation.compute_capability == "7.5"
    assert explanation.kernel is None
    assert "no kernel with 16-bit values for compute capability 7.5" in " ".join(explanation.reasons)


def test_triton_stands_on_the_cuda_kernels(sageattention):
    explanation = sageattention.explain(*on_fake_cuda(CASE), function=sageattention.sageattn_qk_int8_pv_fp16_triton)
    assert explanation.kernel.startswith("sm80_qk_int8_pv_f16")
    assert "no Triton path yet" in " ".join(explanation.emulated)


@pytest.mark.parametrize(
    ("function", "options", "reason"),
    [
        ("sageattn_qk_int8_pv_fp8_cuda", {"smooth_v": True}, "smooth_v=True; use smooth_v=False"),
        (
            "sageattn_qk_int8_pv_fp16_cuda",
            {"pv_accum_dtype": "fp16"},
            "pv_accum_dtype='fp16' and 16-bit.*use .*='fp32'",
        ),
        ("sageattn_qk_int8_pv_fp16_cuda", {"qk_quant_gran": "per_warp"}, "'per_warp'; use .*'per_thread'"),
        ("sageattn_qk_int8_pv_fp16_cuda", {"smooth_v": True}, "smooth_v=True; use smooth_v=False"),
    ],
)
def test_what_cuda_does_not_have_is_named(sageattention, function, options, reason):
    explanation = sageattention.explain(*on_fake_cuda(CASE), function=getattr(sageattention, function), **options)
    assert explanation.kernel is None
    assert re.search(reason, " ".join(explanation.reasons))


@pytest.mark.parametrize(
    ("function", "options", "kernel"),
    [
        ("sageattn_qk_int8_pv_fp8_cuda", {}, "sm89_qk_int8_pv_fp8_fp16_sums_d64"),
        ("sageattn_qk_int8_pv_fp8_cuda", {"pv_accum_dtype": "fp32+fp32"}, "sm89_qk_int8_pv_fp8_fp32_sums_d64"),
        ("sageattn_qk_int8_pv_fp8_cuda_sm90", {}, "sm89_qk_int8_pv_fp8_fp32_sums_d64"),
    ],
)
def test_fp8_values(sageattention, monkeypatch, function, options, kernel):
    inputs = on_fake_cuda(CASE)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    explanation = sageattention.explain(*inputs, function=getattr(sageattention, function), **options)
    assert explanation.kernel == kernel
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (8, 0))
    explanation = sageattention.explain(*inputs, function=getattr(sageattention, function), **options)
    assert explanation.kernel is None
    assert "FP8 needs 8.9 or later" in " ".join(explanation.reasons)


def test_packed_sequences(sageattention):
    packed = Case(len_q=10, len_kv=7)
    q, k, v = (tensor[0].transpose(0, 1) for tensor in packed.make_inputs())
    arguments = (torch.tensor([0, 10]), torch.tensor([0, 7]), 10, 7)
    explanation = sageattention.explain(q, k, v, *arguments, function=sageattention.sageattn_varlen)
    assert explanation.kernel == "reference"


def test_wrong_arguments_raise_as_in_the_call(sageattention):
    q, k, v = CASE.make_inputs()
    with pytest.raises(ValueError, match="tensor_layout is 'BHSD'"):
        sageattention.explain(q, k, v, "BHSD")
    with pytest.raises(TypeError, match="window"):
        sageattention.explain(q, k, v, window=3)


@pytest.mark.parametrize("name", ["fp16", "reference"])
def test_forced_kernel(sageattention, monkeypatch, name):
    monkeypatch.setenv("SAGEATTENTION_KERNEL", name)
    explanation = sageattention.explain(*on_fake_cuda(CASE))
    assert (explanation.kernel == "reference") == (name == "reference")
    assert f"SAGEATTENTION_KERNEL is {name}" in explanation.reasons
    q, k, v = CASE.make_inputs()
    forced = sageattention.sageattn(q, k, v)
    monkeypatch.delenv("SAGEATTENTION_KERNEL")
    assert torch.equal(forced, sageattention.sageattn(q, k, v))


def test_an_unknown_forced_kernel_is_refused(sageattention, monkeypatch):
    monkeypatch.setenv("SAGEATTENTION_KERNEL", "fp7")
    with pytest.raises(ValueError, match="SAGEATTENTION_KERNEL is 'fp7'; known kernels: fp16, fp8, reference"):
        sageattention.sageattn(*CASE.make_inputs())
