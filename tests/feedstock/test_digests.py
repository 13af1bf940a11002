"""Every source that ends up in a package is covered by a digest."""

import re

import pytest
from feedstock import digests
from feedstock.paths import REPOSITORY


@pytest.fixture
def repository(tmp_path):
    for name in (
        "csrc/sm80/kernel.cu",
        "csrc/common/mma.cuh",
        "csrc/quant/rows.cuh",
        "csrc/torch/library.cpp",
        "csrc/torch/shared/tensors.cpp",
        "sageattention3_blackwell/csrc/mma/block_scaled.cuh",
        "sageattention3_blackwell/csrc/torch/library.cpp",
        "sageattention3_blackwell/sageattn3/api.py",
        "recipe/recipe.yaml",
        "recipe/build_kernels.sh",
        "recipe/build_package.sh",
        "sageattention/core.py",
        "LICENSE",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name in ("recipe/build_kernels.bat", "recipe/build_package.bat"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("csrc/sm80/kernel.cu", {"kernel_digest"}),
        ("csrc/common/mma.cuh", {"kernel_digest", "sageattn3_kernel_digest"}),
        ("csrc/torch/library.cpp", {"operator_digest"}),
        ("csrc/torch/shared/tensors.cpp", {"operator_digest", "sageattn3_operator_digest"}),
        ("sageattention/core.py", {"operator_digest"}),
        ("sageattention3_blackwell/csrc/mma/block_scaled.cuh", {"sageattn3_kernel_digest"}),
        ("sageattention3_blackwell/csrc/torch/library.cpp", {"sageattn3_operator_digest"}),
        ("sageattention3_blackwell/sageattn3/api.py", {"sageattn3_operator_digest"}),
        ("recipe/recipe.yaml", {"recipe_digest"}),
        ("recipe/build_kernels.sh", {"kernel_digest", "sageattn3_kernel_digest", "recipe_digest"}),
        ("LICENSE", {"recipe_digest"}),
    ],
)
def test_an_edit_changes_its_digest_alone(repository, file, changed):
    before = digests.source_digests(repository)
    (repository / file).write_text("edited")
    after = digests.source_digests(repository)
    assert {key for key in before if before[key] != after[key]} == changed


def test_names_count_as_well_as_contents(repository):
    before = digests.source_digests(repository)
    (repository / "csrc/sm80/kernel.cu").rename(repository / "csrc/sm80/renamed.cu")
    assert digests.source_digests(repository)["kernel_digest"] != before["kernel_digest"]


def test_caches_do_not_count(repository):
    before = digests.source_digests(repository)
    cache = repository / "sageattention/__pycache__/core.pyc"
    cache.parent.mkdir()
    cache.write_text("cache")
    assert digests.source_digests(repository) == before


@pytest.mark.parametrize("folder", ["csrc", "sageattention3_blackwell/csrc"])
def test_every_source_is_compiled(folder):
    """One that no CMakeLists.txt names looks alive and is dead."""
    root = REPOSITORY / folder
    named = "\n".join(file.read_text() for kind in ("CMakeLists.txt", "*.cmake") for file in root.rglob(kind))
    for file in [*root.rglob("*.cu"), *root.rglob("*.cpp")]:
        if (root / "tests") not in file.parents:
            name = file.relative_to(root).as_posix().removeprefix("torch/").removeprefix("shared/")
            assert re.search(rf"(^|[\s/}}]){re.escape(name)}\b", named, re.MULTILINE), f"nothing compiles {file}"
