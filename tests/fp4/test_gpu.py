"""The checks of gpu_checks.py under pytest. `bench/fp4_gpu.py` runs the same ones without it."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu

# Read, not imported: collecting must not need the package.
_TREE = ast.parse((Path(__file__).parent / "gpu_checks.py").read_text())
CHECKS = [node.name for node in _TREE.body if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")]


@pytest.fixture(scope="module")
def checks(sageattn3):
    from fp4 import gpu_checks

    return gpu_checks


def test_random_shapes(checks):
    for seed in range(checks.RANDOM_CASES):
        checks.check_random_shapes(seed)


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "check_random_shapes"])
def test_check(checks, name):
    assert getattr(checks, name) in checks.CHECKS
    getattr(checks, name)()
