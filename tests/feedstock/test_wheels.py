"""Wheels become conda packages with the right names, requirements and files."""

import subprocess
import zipfile

import pytest
from feedstock import wheels
from feedstock.errors import FeedstockError
from packaging.requirements import Requirement


def make_wheel(folder, name="demo", version="1.0", requires=(), files=None, entry_points=""):
    """A minimal but valid wheel."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Provides-Extra: {extra}\n" for extra in ("tools",))
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    contents = {f"{name}/__init__.py": "", **(files or {}), f"{info}/METADATA": metadata}
    contents[f"{info}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    if entry_points:
        contents[f"{info}/entry_points.txt"] = entry_points
    contents[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*contents, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in contents.items():
            archive.writestr(file, text)
    return wheels.Wheel(path)


@pytest.mark.parametrize(
    ("requirement", "spec"),
    [
        ("filelock", "filelock"),
        ("typing_extensions>=4.10.0", "typing-extensions >=4.10.0"),
        ("sympy<2,>=1.13.3", "sympy <2,>=1.13.3"),
        ("nvidia-nccl==2.27.*", "nvidia-nccl 2.27.*"),
        ("torch===1.0", "pytorch ==1.0"),
    ],
)
def test_requirements_become_match_specs(requirement, spec):
    assert wheels.match_spec(Requirement(requirement)) == spec


def test_markers_are_evaluated_for_this_machine(tmp_path):
    wheel = make_wheel(
        tmp_path, requires=['a; python_version >= "3"', 'b; sys_platform == "nowhere"', 'c; extra == "tools"']
    )
    assert [item.name for item in wheel.requirements()] == ["a"]
    assert [item.name for item in wheel.requirements("tools")] == ["c"]


def test_requirements_of_an_extra_join_those_of_who_asks(tmp_path):
    demo = make_wheel(tmp_path, requires=["kit[tools]==1.0"])
    kit = make_wheel(tmp_path, name="kit", requires=['hammer>=2; extra == "tools"'])
    assert wheels.depends_of(demo.requirements(), {"kit": kit}) == ["kit ==1.0", "hammer >=2"]


def test_a_distribution_is_laid_out_and_its_scripts_are_relocatable(tmp_path):
    wheel = make_wheel(tmp_path, entry_points="[console_scripts]\ndemo = demo:main\n", files={"demo/main.py": "x = 1"})
    stage = tmp_path / "stage"
    contents = wheels.distribution(wheel, {}, stage)
    assert (stage / wheels.SITE_PACKAGES / "demo/main.py").read_text() == "x = 1"
    assert (stage / wheels.SITE_PACKAGES / "demo-1.0.dist-info/METADATA").exists()
    assert (stage / "bin/demo").read_text().startswith("#!/bin/sh\n")
    assert str(tmp_path) not in (stage / "bin/demo").read_text()
    assert f"python {wheels.PYTHON_MINOR}.*" in contents.depends


def test_tags_inside_are_those_of_the_name(tmp_path):
    """`pip check` refuses what is installed with the tag of a platform that does not exist."""
    wheel = make_wheel(tmp_path)
    wheel.path = wheel.path.rename(tmp_path / "demo-1.0-py2.py3-none-manylinux2014_aarch64.whl")
    stage = tmp_path / "stage"
    wheels.distribution(wheel, {}, stage)
    info = stage / wheels.SITE_PACKAGES / "demo-1.0.dist-info"
    tags = [line for line in (info / "WHEEL").read_text().splitlines() if line.startswith("Tag:")]
    assert tags == ["Tag: py2-none-manylinux2014_aarch64", "Tag: py3-none-manylinux2014_aarch64"]
    assert "demo-1.0.dist-info/WHEEL,,\n" in (info / "RECORD").read_text()


def test_torch_is_described_by_what_its_wheel_says(tmp_path):
    version = "cuda: str | None = '13.0'\n"
    wheel = make_wheel(
        tmp_path, "torch", "2.99.1+cu130", files={"torch/version.py": version, "torch/lib/libtorch.so": ""}
    )
    stage = tmp_path / "stage"
    contents = wheels.distribution(wheel, {}, stage)
    assert (contents.name, contents.version, contents.build) == ("pytorch", "2.99.1", "cuda130")
    assert contents.run_exports == {"weak": ["pytorch >=2.99.1,<2.100"]}
    assert (stage / "lib/libtorch.so").resolve() == stage / wheels.SITE_PACKAGES / "torch/lib/libtorch.so"


def test_a_cpu_torch_is_told_from_a_cuda_one(tmp_path):
    wheel = make_wheel(tmp_path, "torch", "2.99.1+cpu", files={"torch/version.py": "cuda: str | None = None\n"})
    assert wheels.distribution(wheel, {}, tmp_path / "stage").build == "cpu"
    assert wheels.is_cuda_torch("pytorch-2.99.1-cuda130_py311_h0_0.conda")
    assert not wheels.is_cuda_torch("pytorch-2.99.1-cpu_py311_h0_0.conda")


def test_paths_in_an_archive_do_not_escape(tmp_path):
    wheel = make_wheel(tmp_path, files={"nvidia/cu13/../../../escaped": "x"})
    with pytest.raises(FeedstockError, match="leaves the package"):
        wheels.tree(wheel, "nvidia/cu13/", tmp_path / "stage")
    assert not list(tmp_path.rglob("escaped"))


def test_a_failed_download_names_the_requirement(tmp_path, monkeypatch, reporter):
    output = "Looking in links\nERROR: No matching distribution found for torch==9.9\n"
    answer = subprocess.CompletedProcess([], 1, stdout=output)
    monkeypatch.setattr(wheels.subprocess, "run", lambda *args, **kwargs: answer)
    with pytest.raises(FeedstockError, match=r"torch==9\.9") as caught:
        wheels.download(["torch==9.9"], {}, tmp_path, reporter)
    assert "run the same command again" in str(caught.value)
    assert "No matching distribution" in reporter.log_path.read_text()
