"""explain(): what would run and why, on the CPU and on CUDA devices that are not there."""

from __future__ import annotations

import pytest
import torch
from attention.helpers import Case
from torch._subclasses.fake_tensor import FakeTensorMode

CASE = Case(batch=2, heads_q=4, heads_kv=2, len_q=10, len_kv=7)


def on_fake_cuda(*shapes):
    with FakeTensorMode():
        return tuple(torch.empty(shape, dtype=torch.float16, device="cuda") for shape in shapes)


@pytest.fixture(autouse=True)
def device(monkeypatch):
    """A GPU of some compute capability, or none."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def pretend(*capability):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)

    return pretend


def inputs():
    return on_fake_cuda((2, 4, 10, 64), (2, 2, 7, 64), (2, 2, 7, 64))


def test_cpu(sageattn3):
    explanation = sageattn3.explain(*CASE.make_inputs(), is_causal=True)
    assert (explanation.function, explanation.kernel) == ("sageattn3_blackwell", "reference")
    assert explanation.compute_capability is None
    assert "NVFP4" in " ".join(explanation.emulated)
    assert "sageattn3_blackwell on cpu: reference" in str(explanation)


def test_consumer_blackwell_multiplies_fp4(sageattn3, device):
    device(12, 0)
    explanation = sageattn3.explain(*inputs())
    assert explanation.kernel.startswith("fp4_d")
    assert explanation.emulated == ()


def test_other_gpus_say_that_they_emulate(sageattn3, device):
    device(10, 0)
    explanation = sageattn3.explain(*inputs())
    assert explanation.kernel.startswith("fp4_emulated_d")
    assert "FP4 matrix instruction" in " ".join(explanation.emulated)


def test_a_gpu_without_kernels(sageattn3, device):
    device(7, 5)
    explanation = sageattn3.explain(*inputs())
    assert explanation.compute_capability == "7.5"
    assert explanation.kernel is None
    assert "7.5" in explanation.reasons[-1]


def test_packed_sequences(sageattn3, device):
    device(12, 0)
    q, k, v = on_fake_cuda((10, 4, 64), (7, 2, 64), (7, 2, 64))
    [lengths] = on_fake_cuda((3,))
    explanation = sageattn3.explain(q, k, v, lengths.int(), lengths.int(), 9, 9, function=sageattn3.sageattn3_varlen)
    assert explanation.function == "sageattn3_varlen"
    assert explanation.kernel.startswith("fp4_d")


def test_wrong_arguments_raise(sageattn3):
    q, k, v = inputs()
    with pytest.raises(ValueError, match="sageattn3: v has 9 tokens but k has 7"):
        sageattn3.explain(q, k, on_fake_cuda((2, 2, 9, 64))[0])
    with pytest.raises(TypeError, match="smooth_k"):
        sageattn3.explain(q, k, v, smooth_k=True)


def test_wrong_devices_raise_as_the_call_does(sageattn3):
    q, k, v = CASE.make_inputs()
    with pytest.raises(ValueError, match="sageattn3: k is on meta but q is on cpu; expected one device"):
        sageattn3.explain(q, k.to("meta"), v)
    with pytest.raises(ValueError, match="sageattn3: attn_mask is on meta but q is on cpu"):
        sageattn3.explain(q, k, v, torch.ones(10, 7, device="meta"))
    with FakeTensorMode():
        elsewhere = torch.empty(1, 2, 3, 64, dtype=torch.float16, device="xpu")
    with pytest.raises(ValueError, match="sageattn3: q is on meta; expected a CUDA device"):
        sageattn3.explain(*CASE.make_inputs("meta"))
    with pytest.raises(ValueError, match="sageattn3: q is on xpu:0; expected a CUDA device"):
        sageattn3.explain(elsewhere, elsewhere, elsewhere)


def test_other_functions_are_refused(sageattn3):
    with pytest.raises(TypeError, match=r"function is .*preprocess_qkv.*; expected sageattn3_blackwell or"):
        sageattn3.explain(*CASE.make_inputs(), function=sageattn3.preprocess_qkv)
