"""The operator as torch sees it: schema, symbolic shapes, torch.compile, gradients, what the package reports."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from attention.helpers import Case
from torch._subclasses.fake_tensor import FakeTensorMode


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("return_lse", [False, True])
@pytest.mark.parametrize("storage", ["contiguous", "packed"])
def test_registration_is_sound(sageattention, storage, return_lse, requires_grad):
    case = Case(batch=2, heads_q=4, heads_kv=2, len_q=10, len_kv=7, tensor_layout="NHD", storage=storage)
    q, k, v = (tensor.requires_grad_(requires_grad) for tensor in case.make_inputs())
    # Tracing a backward pass meets the refusal to differentiate, which has its own test.
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(
        torch.ops.sageattention.attention.default,
        (q, k, v, "NHD", True, 0.1, return_lse),
        test_utils=checks if requires_grad else (*checks, "test_aot_dispatch_dynamic"),
    )


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("mask_axes", ["bhqk", "b11k", "qk"])
def test_registration_with_a_mask_is_sound(sageattention, mask_axes, requires_grad):
    case = Case(batch=2, heads_q=4, heads_kv=2, len_q=10, len_kv=7, head_dim_v=24, mask_dtype=torch.float32)
    q, k, v = case.make_inputs()
    mask = replace(case, mask_axes=mask_axes).make_mask().requires_grad_(requires_grad)
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(
        torch.ops.sageattention.attention.default,
        (q, k, v, "HND", True, None, True, mask, "bottom_right", False, True, "fp8", "per_warp", "fp32"),
        test_utils=checks if requires_grad else (*checks, "test_aot_dispatch_dynamic"),
    )


def test_registration_of_packed_sequences_is_sound(sageattention):
    q, k, v = (torch.randn(tokens, heads, 32).half() for tokens, heads in ((15, 4), (23, 2), (23, 2)))
    lengths = torch.tensor([0, 10, 15]), torch.tensor([0, 20, 23])
    torch.library.opcheck(
        torch.ops.sageattention.attention_varlen.default, (q, k, v, *lengths, 10, 20, True, None, True, True)
    )


@pytest.mark.parametrize("tensor_layout", ["HND", "NHD"])
def test_shapes_on_a_cuda_device_that_is_not_there(sageattention, tensor_layout):
    with FakeTensorMode():
        q = torch.empty(2, 4, 10, 64, dtype=torch.bfloat16, device="cuda")
        k = torch.empty(2, 2, 10, 64, dtype=torch.bfloat16, device="cuda")
        v = torch.empty(2, 2, 10, 24, dtype=torch.bfloat16, device="cuda")
        if tensor_layout == "NHD":
            q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        output, lse = sageattention.sageattn(q, k, v, tensor_layout=tensor_layout, return_lse=True)
    assert output.shape == (*q.shape[:3], 24)
    assert output.is_contiguous()
    assert output.dtype == torch.bfloat16
    assert output.device.type == "cuda"
    assert lse.shape == (2, 4, 10)
    assert lse.dtype == torch.float32
    assert lse.device.type == "cuda"


# One inductor run: compiling its C++ costs seconds, and the operator is opaque to it.
@pytest.mark.parametrize(
    ("backend", "dynamic"), [("eager", False), ("eager", True), ("aot_eager", False), ("inductor", True)]
)
def test_compiles_into_one_graph(sageattention, backend, dynamic):
    torch._dynamo.reset()

    def block(q, k, v):
        output, lse = sageattention.sageattn(q * 1, k, v, is_causal=True, return_lse=True)
        return output + 1, lse

    compiled = torch.compile(block, fullgraph=True, dynamic=dynamic, backend=backend)
    for length in (10, 33):
        case = Case(batch=2, heads_q=4, heads_kv=2, len_q=length, len_kv=length + 3, seed=length)
        q, k, v = case.make_inputs()
        for actual, expected in zip(compiled(q, k, v), block(q, k, v)):
            torch.testing.assert_close(actual, expected)


def test_dynamic_shapes_do_not_recompile(sageattention):
    torch._dynamo.reset()
    counter = torch._dynamo.testing.CompileCounter()
    compiled = torch.compile(sageattention.sageattn, fullgraph=True, dynamic=True, backend=counter)
    for length in (10, 33, 70):
        compiled(*Case(batch=2, heads_q=4, heads_kv=2, len_q=length, len_kv=length + 3).make_inputs())
    assert counter.frame_count == 1


def test_compiles_with_a_mask(sageattention):
    torch._dynamo.reset()
    compiled = torch.compile(sageattention.sageattn, fullgraph=True, dynamic=True, backend="aot_eager")
    for length in (10, 33):
        case = Case(batch=2, heads_q=4, heads_kv=2, len_q=length, len_kv=length + 3, mask_dtype=torch.bool)
        inputs, options = case.make_inputs(), {"attn_mask": case.make_mask(), "scale": 0.2, "is_causal": True}
        assert torch.equal(compiled(*inputs, **options), sageattention.sageattn(*inputs, **options))


def test_exports_with_dynamic_lengths(sageattention):
    class Block(torch.nn.Module):
        def forward(self, q, k, v):
            return sageattention.sageattn(q, k, v)

    queries, keys = torch.export.Dim("queries", min=2, max=4096), torch.export.Dim("keys", min=2, max=4096)
    program = torch.export.export(
        Block(),
        Case(batch=2, heads_q=4, heads_kv=2, len_q=10, len_kv=7).make_inputs(),
        dynamic_shapes={"q": {2: queries}, "k": {2: keys}, "v": {2: keys}},
        strict=False,
    )
    inputs = Case(batch=2, heads_q=4, heads_kv=2, len_q=31, len_kv=65, seed=1).make_inputs()
    assert torch.equal(program.module()(*inputs), sageattention.sageattn(*inputs))


@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_gradients_are_refused_not_wrong(sageattention, name):
    inputs = dict(zip("qkv", Case(len_q=3, len_kv=5).make_inputs()))
    inputs[name].requires_grad_()
    output, lse = sageattention.sageattn(**inputs, return_lse=True)
    with pytest.raises(NotImplementedError, match=r"no gradient.*torch\.no_grad"):
        (output.sum() + lse.sum()).backward()
    assert inputs[name].grad is None
    with torch.no_grad():
        assert not sageattention.sageattn(**inputs).requires_grad


@pytest.mark.parametrize("name", ["q", "k", "v", "attn_mask"])
def test_tangents_are_refused_not_dropped(sageattention, name):
    """A tangent that nobody looks at would come out as a derivative of zero."""
    inputs = {**dict(zip("qkv", Case(len_q=3, len_kv=5).make_inputs())), "attn_mask": torch.randn(3, 5)}

    def call(tensor):
        return sageattention.sageattn(**{**inputs, name: tensor})

    with pytest.raises(NotImplementedError, match="no gradient"):
        torch.func.jvp(call, (inputs[name],), (torch.ones_like(inputs[name]),))
    with torch.autograd.forward_ad.dual_level(), pytest.raises(NotImplementedError, match="no gradient"):
        call(torch.autograd.forward_ad.make_dual(inputs[name], torch.ones_like(inputs[name])))


def test_gradients_of_torch_func_are_refused(sageattention):
    """Its transforms know no result that refuses later."""
    q, k, v = Case(len_q=3, len_kv=5).make_inputs()
    with pytest.raises(NotImplementedError, match=r"sageattention: .*no gradient.*torch\.no_grad"):
        torch.func.grad(lambda key: sageattention.sageattn(q, key, v).float().sum())(k)


def test_vmap_is_a_call_for_each(sageattention):
    q, k, v = Case(batch=3, len_q=9, len_kv=11).make_inputs()
    mapped = torch.vmap(lambda *tensors: sageattention.sageattn(*(tensor[None] for tensor in tensors))[0])(q, k, v)
    torch.testing.assert_close(mapped, sageattention.sageattn(q, k, v))


def test_names_that_clients_read(sageattention):
    core = sageattention.core
    assert all(name.startswith("sm") for name in core.get_cuda_arch_versions())
    assert all(type(flag) is bool for flag in (core.SM80_ENABLED, core.SM89_ENABLED, core.SM90_ENABLED))
    assert sageattention.__version__.startswith("2.2")
