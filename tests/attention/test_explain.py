"""explain(): what would run and why, on the CPU and on CUDA devices that are not there; the forced choice."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from attention.helpers import Case, Errors, exact_attention
from torch._subclasses.fake_tensor import FakeTensorMode

CASE = Case(batch=2, heads_q=4, heads_kv=2, len_q=300, len_kv=7)
FEW_QUERIES = replace(CASE, len_q=3, len_kv=1000)


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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_few_queries_are_not_quantized(sageattention, dtype):
    few = replace(FEW_QUERIES, dtype=dtype)
    name = "f16" if dtype == torch.float16 else "bf16"
    for heads, (len_q, chosen) in zip((2, 2, 32, 32, 128), ((64, True), (65, False), (4, True), (5, False), (1, True))):
        explanation = sageattention.explain(*on_fake_cuda(replace(few, heads_q=heads, len_q=len_q)))
        assert (explanation.kernel == f"sm80_decode_{name}_d64") == chosen, (heads, len_q)
        assert ("few queries share each key" in " ".join(explanation.reasons)) == chosen
    inputs = on_fake_cuda(few)
    with FakeTensorMode():
        mask = torch.empty(1000, dtype=torch.bool, device="cuda")
    assert sageattention.explain(*inputs, attn_mask=mask, is_causal=True).kernel == f"sm80_decode_{name}_d64"
    named = sageattention.explain(*inputs, function=sageattention.sageattn_qk_int8_pv_fp16_cuda)
    assert named.kernel == f"sm80_qk_int8_pv_{name}_d64"
    single = on_fake_cuda(replace(few, dtype=torch.float32))
    assert sageattention.explain(*single).kernel == "sm80_qk_int8_pv_f16_d64"


@pytest.mark.parametrize(
    ("rows", "len_kv", "head_dim", "masked", "kernel"),
    [
        (16, 1000, 64, False, "sm80_decode_f16_d64"),
        (17, 1000, 64, False, "sm90_decode_f16_d64"),
        (128, 1000, 128, False, "sm90_decode_f16_d128"),
        (129, 1000, 128, False, "sm90_qk_int8_pv_fp8_fp32_sums_d128"),
        (256, 2048, 128, False, "sm90_decode_f16_d128"),
        (257, 2048, 128, False, "sm90_qk_int8_pv_fp8_fp32_sums_d128"),
        (128, 1000, 128, True, "sm90_decode_f16_d128"),
        (129, 1000, 128, True, "sm90_qk_int8_pv_fp8_fp32_sums_d128"),
        (64, 1000, 256, False, "sm80_decode_f16_d256"),
        (65, 1000, 256, False, "sm90_qk_int8_pv_fp8_fp32_sums_d256"),
    ],
)
def test_more_queries_run_on_wgmma(sageattention, monkeypatch, rows, len_kv, head_dim, masked, kernel):
    case = replace(FEW_QUERIES, heads_q=1, heads_kv=1, len_q=rows, len_kv=len_kv, head_dim=head_dim)
    inputs = on_fake_cuda(case)
    with FakeTensorMode():
        mask = torch.empty(len_kv, dtype=torch.bool, device="cuda") if masked else None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    assert sageattention.explain(*inputs, attn_mask=mask).kernel == kernel
    with FakeTensorMode():
        bias = torch.empty(rows, len_kv, device="cuda", dtype=torch.float16)
    assert ("decode" in sageattention.explain(*inputs, attn_mask=bias).kernel) == (rows <= 64)


def test_decode_is_forced_whatever_the_length(sageattention, monkeypatch):
    monkeypatch.setenv("SAGEATTENTION_KERNEL", "decode")
    assert sageattention.explain(*on_fake_cuda(CASE)).kernel == "sm80_decode_f16_d64"
    explanation = sageattention.explain(*on_fake_cuda(replace(CASE, dtype=torch.float32)))
    assert explanation.kernel is None
    assert "the decode kernels take no fp32 inputs" in " ".join(explanation.reasons)
    q, k, v = CASE.make_inputs()
    with pytest.raises(NotImplementedError, match="take no fp32 inputs"):
        sageattention.sageattn(q.float(), k.float(), v.float())
    assert sageattention.explain(q, k, v).emulated == ("p rounded to float16, nothing quantized",)
    starts = torch.tensor([0, 300]), torch.tensor([0, 7])
    packed = (tensor[0].transpose(0, 1) for tensor in (q, k, v))
    with pytest.raises(NotImplementedError, match="take no packed sequences"):
        sageattention.sageattn_varlen(*packed, *starts, 300, 7)


def test_the_emulation_of_decode_quantizes_nothing(sageattention, monkeypatch):
    monkeypatch.setenv("SAGEATTENTION_KERNEL", "decode")
    for dtype, tolerance in ((torch.float16, 1e-3), (torch.bfloat16, 8e-3)):
        case = replace(FEW_QUERIES, dtype=dtype)
        q, k, v = case.make_inputs()
        output, lse = sageattention.sageattn(q, k, v, return_lse=True, is_causal=True, causal_alignment="bottom_right")
        expected, expected_lse = exact_attention(q, k, v, is_causal=True, causal_alignment="bottom_right")
        assert Errors.between(output, expected).relative_l1 <= tolerance
        torch.testing.assert_close(lse.double(), expected_lse, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("capability", "kernel"), [((9, 0), "sm90_qk_int8_pv_fp8"), ((8, 9), "sm80_qk_int8_pv_f16")])
@pytest.mark.parametrize(("head_dims", "tile"), [((64, 64), 64), ((72, 128), 128), ((192, 128), 256), ((64, 129), 256)])
def test_the_automatic_choice_depends_on_the_device(sageattention, monkeypatch, capability, kernel, head_dims, tile):
    inputs = on_fake_cuda(replace(CASE, head_dim=head_dims[0], head_dim_v=head_dims[1]))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    chosen = sageattention.explain(*inputs).kernel
    assert chosen.startswith(kernel)
    assert chosen.endswith(f"_d{tile}")


@pytest.mark.parametrize(
    ("head_dim", "dtype", "len_kv", "kernel"),
    [
        (64, torch.bool, 320, "sm90_qk_int8_pv_fp8_fp32_sums_d64"),
        (64, torch.bool, 321, "sm80_qk_int8_pv_f16_d64"),
        (64, torch.bfloat16, 321, "sm80_qk_int8_pv_f16_d64"),
        (64, torch.float32, 321, "sm90_qk_int8_pv_fp8_fp32_sums_d64"),
        (128, torch.bool, 321, "sm90_qk_int8_pv_fp8_fp32_sums_d128"),
    ],
)
def test_masks_that_wgmma_reads_slowly(sageattention, monkeypatch, head_dim, dtype, len_kv, kernel):
    """Up to 64 channels, masks of one or two bytes whose rows are no multiple of 8 elements; named, it runs all."""
    inputs = on_fake_cuda(replace(CASE, head_dim=head_dim, len_kv=len_kv))
    with FakeTensorMode():
        mask = torch.empty(300, len_kv, dtype=dtype, device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    assert sageattention.explain(*inputs, attn_mask=mask).kernel == kernel
    function = sageattention.sageattn_qk_int8_pv_fp8_cuda_sm90
    assert sageattention.explain(*inputs, function=function, attn_mask=mask).kernel.startswith("sm90")


def test_triton_stands_on_the_cuda_kernels(sageattention):
    explanation = sageattention.explain(*on_fake_cuda(CASE), function=sageattention.sageattn_qk_int8_pv_fp16_triton)
    assert explanation.kernel.startswith("sm80_qk_int8_pv_f16")
    assert "no Triton path yet" in " ".join(explanation.emulated)


@pytest.mark.parametrize(
    ("function", "options", "kernel"),
    [
        ("sageattn_qk_int8_pv_fp8_cuda", {}, "sm89_qk_int8_pv_fp8_fp16_sums_d64"),
        ("sageattn_qk_int8_pv_fp8_cuda", {"pv_accum_dtype": "fp32+fp32"}, "sm89_qk_int8_pv_fp8_fp32_sums_d64"),
        ("sageattn_qk_int8_pv_fp8_cuda", {"smooth_v": True}, "sm89_qk_int8_pv_fp8_fp16_sums_d64"),
        ("sageattn_qk_int8_pv_fp8_cuda_sm90", {}, "sm90_qk_int8_pv_fp8_fp32_sums_d64"),
        ("sageattn_qk_int8_pv_fp8_cuda_sm90", {"qk_quant_gran": "per_warp"}, "sm90_qk_int8_pv_fp8_fp32_sums_d64"),
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
    with FakeTensorMode():
        q, k, v = (torch.empty(tensor.shape, dtype=tensor.dtype, device="cuda") for tensor in (q, k, v))
        arguments = (*(torch.empty(2, dtype=torch.int32, device="cuda") for _ in range(2)), 10, 7)
    explanation = sageattention.explain(q, k, v, *arguments, function=sageattention.sageattn_varlen)
    assert explanation.kernel == "sm80_qk_int8_pv_f16_d64"
    for longest in ((0, 7), (10, 0)):  # attention does not run
        explanation = sageattention.explain(q, k, v, *arguments[:2], *longest, function=sageattention.sageattn_varlen)
        assert explanation.kernel == "none: nothing to compute"


@pytest.mark.parametrize(
    ("dtype", "options", "kernel"),
    [
        (torch.bfloat16, {}, "bf16"),
        (torch.float32, {}, "f16"),
        (torch.bfloat16, {"smooth_v": True, "qk_quant_gran": "per_warp"}, "f16"),
        (torch.bfloat16, {"pv_accum_dtype": "fp16"}, "f16_fp16_sums"),
        (torch.float32, {"pv_accum_dtype": "fp16+fp32"}, "f16_fp16_block_sums"),
    ],
)
def test_16_bit_values(sageattention, dtype, options, kernel):
    inputs = on_fake_cuda(replace(CASE, dtype=dtype))
    explanation = sageattention.explain(*inputs, function=sageattention.sageattn_qk_int8_pv_fp16_cuda, **options)
    assert explanation.kernel == f"sm80_qk_int8_pv_{kernel}_d64"


def test_more_tiles_than_a_call_computes(sageattention):
    for heads, refused in ((2**10, True), (2**10 - 1, False)):
        with FakeTensorMode():
            inputs = 3 * (torch.empty(2**20, heads, 1, 64, dtype=torch.float16, device="cuda"),)
        explanation = sageattention.explain(*inputs, function=sageattention.sageattn_qk_int8_pv_fp16_cuda)
        assert (explanation.kernel is None) == refused
        message = "batch * heads_q * length is 1048576 * 1024 * 1: more tiles than one call computes (1073741823)"
        assert (message in " ".join(explanation.reasons)) == refused


def test_wrong_arguments_raise_as_in_the_call(sageattention):
    q, k, v = CASE.make_inputs()
    with pytest.raises(ValueError, match="tensor_layout is 'BHSD'"):
        sageattention.explain(q, k, v, "BHSD")
    with pytest.raises(TypeError, match="window"):
        sageattention.explain(q, k, v, window=3)
    for function in (torch.nn.functional.scaled_dot_product_attention, "sageattn"):
        with pytest.raises(TypeError, match=r"function is .*; expected one of sageattn, "):
            sageattention.explain(q, k, v, function=function)


def test_other_spellings(sageattention):
    q, k, v = CASE.make_inputs()
    assert sageattention.explain(q, k, v, softmax_scale=0.1, causal=True).kernel == "reference"
    with pytest.raises(ValueError, match="softcap is 3"):
        sageattention.explain(q, k, v, softcap=3, function=sageattention.sageattn_qk_int8_pv_fp16_cuda)


def test_wrong_devices_raise_as_in_the_call(sageattention):
    q, k, v = CASE.make_inputs()
    mask = torch.ones(300, 7)
    for arguments in ({"k": k.to("meta")}, {"attn_mask": mask.to("meta")}):
        call = {"q": q, "k": k, "v": v, **arguments}
        with pytest.raises(ValueError, match="is on meta but q is on cpu; expected one device"):
            sageattention.sageattn(**call)
        with pytest.raises(ValueError, match="is on meta"):
            sageattention.explain(**call)
    with pytest.raises(ValueError, match="k is on cpu but q is on cuda:0; expected one device"):
        sageattention.explain(on_fake_cuda(CASE)[0], k, v)


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


@pytest.mark.parametrize(
    ("name", "function"), [("fp8", "sageattn_qk_int8_pv_fp8_cuda"), ("fp8_sm90", "sageattn_qk_int8_pv_fp8_cuda_sm90")]
)
def test_the_emulation_of_a_forced_kernel(sageattention, monkeypatch, name, function):
    """It rounds as the function of that name does, and says so."""
    inputs = CASE.make_inputs()
    named = getattr(sageattention, function)
    monkeypatch.setenv("SAGEATTENTION_KERNEL", name)
    assert torch.equal(sageattention.sageattn(*inputs), named(*inputs))
    emulated = sageattention.explain(*inputs).emulated
    assert emulated == sageattention.explain(*inputs, function=named).emulated
    assert "p and v rounded to float8_e4m3fn" in emulated


def test_an_unknown_forced_kernel_is_refused(sageattention, monkeypatch):
    monkeypatch.setenv("SAGEATTENTION_KERNEL", "fp7")
    with pytest.raises(
        ValueError, match="SAGEATTENTION_KERNEL is 'fp7'; known kernels: fp16, fp8, fp8_sm90, decode, reference"
    ):
        sageattention.sageattn(*CASE.make_inputs())
