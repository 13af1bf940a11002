"""The checks of gpu_checks.py under pytest. `bench/gpu.py` runs the same ones without it."""

import pytest

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def checks(sageattention):
    from attention import gpu_checks

    return gpu_checks


@pytest.mark.parametrize("seed", range(160))
def test_random_shapes(checks, seed):
    checks.check_random_shapes(seed)


@pytest.mark.parametrize(
    "name",
    ["accuracy", "equals_cpu_reference", "repeatable", "streams_and_graphs", "compiles", "memory", "large_offsets",
     "not_finite", "empty", "bad_input"],
)  # fmt: skip
def test_check(checks, name):
    getattr(checks, f"check_{name}")()


def test_every_check_is_listed(checks):
    listed = {check.__name__ for check in checks.CHECKS} | {"check_random_shapes"}
    assert listed == {name for name in vars(checks) if name.startswith("check_")}
