"""The operators as torch sees them: schema, symbolic shapes, torch.compile, gradients."""

from __future__ import annotations

import pytest
import torch
from attention.helpers import Case
from torch._subclasses.fake_tensor import FakeTensorMode


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("mask_dtype", [None, torch.float32])
def test_registration_is_sound(sageattn3, mask_dtype, requires_grad):
    case = Case(batch=2, heads_q=4, heads_kv=2, len_q=10, len_kv=7, tensor_layout="NHD", storage="packed",
                mask_dtype=mask_dtype)  # fmt: skip
    q, k, v = (tensor.requires_grad_(requires_grad) for tensor in case.make_inputs())
    # Tracing a backward pass meets the refusal to differentiate, which has its own test.
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(
        torch.ops.sageattn3.attention.default,
        (q, k, v, "NHD", True, 0.1, True, case.make_mask(), "bottom_right", False),
        test_utils=checks if requires_grad else (*checks, "test_aot_dispatch_dynamic"),
    )


def test_registration_of_packed_sequences_is_sound(sageattn3):
    q, k, v = (torch.randn(tokens, heads, 32).half() for tokens, heads in ((15, 4), (23, 2), (23, 2)))
    lengths = torch.tensor([0, 10, 15]), torch.tensor([0, 20, 23])
    torch.library.opcheck(torch.ops.sageattn3.attention_varlen.default, (q, k, v, *lengths, 10, 20, True, None, True))


@pytest.mark.parametrize("tensor_layout", ["HND", "NHD"])
def test_shapes_on_a_cuda_device_that_is_not_there(sageattn3, tensor_layout):
    with FakeTensorMode():
        q = torch.empty(2, 4, 10, 64, dtype=torch.bfloat16, device="cuda")
        k = torch.empty(2, 2, 10, 64, dtype=torch.bfloat16, device="cuda")
        v = torch.empty(2, 2, 10, 24, dtype=torch.bfloat16, device="cuda")
        if tensor_layout == "NHD":
            q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        output, lse = sageattn3.sageattn3_blackwell(q, k, v, tensor_layout=tensor_layout, return_lse=True)
    assert output.shape == (*q.shape[:3], 24)
    assert output.is_contiguous()
    assert (output.dtype, output.device.type) == (torch.bfloat16, "cuda")
    assert lse.shape == (2, 4, 10)
    assert (lse.dtype, lse.device.type) == (torch.float32, "cuda")


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compiles_into_one_graph(sageattn3, backend):
    torch._dynamo.reset()

    def block(q, k, v, mask):
        output, lse = sageattn3.sageattn3_blackwell(q * 1, k, v, mask, is_causal=True, return_lse=True)
        return output + 1, lse

    compiled = torch.compile(block, fullgraph=True, dynamic=True, backend=backend)
    for length in (10, 33):
        case = Case(batch=2, heads_q=4, heads_kv=2, len_q=length, len_kv=length + 3, seed=length,
                    mask_dtype=torch.bool)  # fmt: skip
        arguments = (*case.make_inputs(), case.make_mask())
        for actual, expected in zip(compiled(*arguments), block(*arguments)):
            torch.testing.assert_close(actual, expected)


def test_dynamic_shapes_do_not_recompile(sageattn3):
    torch._dynamo.reset()
    counter = torch._dynamo.testing.CompileCounter()
    compiled = torch.compile(sageattn3.sageattn3_blackwell, fullgraph=True, dynamic=True, backend=counter)
    for length in (10, 33, 70):
        compiled(*Case(batch=2, heads_q=4, heads_kv=2, len_q=length, len_kv=length + 3).make_inputs())
    assert counter.frame_count == 1


@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_gradients_are_refused_not_wrong(sageattn3, name):
    inputs = dict(zip("qkv", Case(len_q=3, len_kv=5).make_inputs()))
    inputs[name].requires_grad_()
    output, lse = sageattn3.sageattn3_blackwell(**inputs, return_lse=True)
    with pytest.raises(NotImplementedError, match=r"sageattn3: .*no gradient.*torch\.no_grad"):
        (output.sum() + lse.sum()).backward()
    assert inputs[name].grad is None


def test_gradients_of_torch_func_are_refused(sageattn3):
    """Its transforms know no result that refuses later."""
    q, k, v = Case(len_q=3, len_kv=5).make_inputs()
    with pytest.raises(NotImplementedError, match=r"sageattn3: .*no gradient.*torch\.no_grad"):
        torch.func.grad(lambda key: sageattn3.sageattn3_blackwell(q, key, v).float().sum())(k)


@pytest.mark.parametrize("name", ["q", "k", "v", "attn_mask"])
def test_tangents_are_refused_not_dropped(sageattn3, name):
    """A tangent that nobody looks at would come out as a derivative of zero."""
    case = Case(len_q=3, len_kv=5, mask_dtype=torch.float32)
    inputs = {**dict(zip("qkv", case.make_inputs())), "attn_mask": case.make_mask()}
    with torch.autograd.forward_ad.dual_level():
        inputs[name] = torch.autograd.forward_ad.make_dual(inputs[name], torch.ones_like(inputs[name]))
        with pytest.raises(NotImplementedError, match="no gradient"):
            sageattn3.sageattn3_blackwell(**inputs)


def test_vmap_is_a_call_for_each(sageattn3):
    q, k, v = Case(batch=3, len_q=9, len_kv=11).make_inputs()
    mapped = torch.vmap(lambda *tensors: sageattn3.sageattn3_blackwell(*(tensor[None] for tensor in tensors))[0])(
        q, k, v
    )
    torch.testing.assert_close(mapped, sageattn3.sageattn3_blackwell(q, k, v))
