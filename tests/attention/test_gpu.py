"""The checks of gpu_checks.py under pytest. `bench/gpu.py` runs the same ones without it."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu


def checks_of(file: str) -> list:
    """Read, not imported: collecting must not need the package."""
    tree = ast.parse((Path(__file__).parent / file).read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")]


CHECKS, WGMMA_CHECKS = checks_of("gpu_checks.py"), checks_of("gpu_checks_wgmma.py")
DECODE_CHECKS = checks_of("gpu_checks_decode.py")


@pytest.fixture
def checks(sageattention, monkeypatch):
    """They are about 16-bit values, whatever `sageattn` would choose."""
    from attention import gpu_checks

    monkeypatch.setenv("SAGEATTENTION_KERNEL", "fp16")
    return gpu_checks


@pytest.fixture
def decode_checks(sageattention, monkeypatch):
    from attention import gpu_checks_decode

    monkeypatch.delenv("SAGEATTENTION_KERNEL", raising=False)
    return gpu_checks_decode


@pytest.fixture
def wgmma_checks(sageattention):
    import torch
    from attention import gpu_checks_wgmma

    if torch.cuda.get_device_capability() != (9, 0):
        pytest.skip("the kernel on wgmma needs compute capability 9.0")
    return gpu_checks_wgmma


def test_random_shapes(checks):
    for seed in range(checks.RANDOM_CASES):
        checks.check_random_shapes(seed)


def test_random_options(checks):
    for seed in range(checks.OPTION_CASES):
        checks.check_random_options(seed)


# They take arguments.
PARTS = ("check_random_shapes", "check_random_options", "check_one_not_finite")


@pytest.mark.parametrize("name", [name for name in CHECKS if name not in PARTS])
def test_check(checks, name):
    assert getattr(checks, name) in checks.CHECKS
    getattr(checks, name)()


@pytest.mark.parametrize("name", DECODE_CHECKS)
def test_decode_check(decode_checks, name):
    assert getattr(decode_checks, name) in decode_checks.CHECKS
    getattr(decode_checks, name)()


@pytest.mark.parametrize("name", WGMMA_CHECKS)
def test_wgmma_check(wgmma_checks, name):
    assert getattr(wgmma_checks, name) in wgmma_checks.CHECKS
    getattr(wgmma_checks, name)()
