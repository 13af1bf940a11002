"""The support matrix: what it holds, how it is named, and that the recipe renders all of it."""

import re
import subprocess
from pathlib import Path

import pytest
from feedstock import capabilities, variants
from feedstock.build import render
from feedstock.errors import FeedstockError

from .tables import Copy

ROOT = Path(__file__).resolve().parents[2]


def test_every_cell_exists_once_per_platform():
    names = [variant.name for variant in variants.matrix()]
    assert len(names) == len(set(names))
    for platform in variants.PLATFORMS:
        cells = {(cell.cuda, cell.pytorch) for cell in variants.matrix() if cell.platform == platform}
        cuda, pytorch = {cell[0] for cell in cells}, {cell[1] for cell in cells}
        assert len(cells) == len(cuda) * len(pytorch)


def test_names_are_those_of_conda_smithy():
    pattern = r"(linux_64|linux_aarch64|win_64)_cuda_compiler_version\d+\.\d+pytorch\d+\.\d+"
    assert all(re.fullmatch(pattern, variant.name) for variant in variants.matrix())


def test_newest_comes_first():
    versions = [tuple(map(int, f"{cell.cuda}.{cell.pytorch}".split("."))) for cell in variants.matrix()]
    assert versions == sorted(versions, reverse=True)


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        ("package.yaml", '- "2.13"', '- "2.7"', "conda-forge has PyTorch for these CUDA versions from 2.8 on"),
        ("package.yaml", '- "2.13"', '- "9.9"', "knows no PyTorch 9.9"),
        ("cuda12.8.yaml", "if: win", "if: linux", "conda-forge has no PyTorch for CUDA 12.8 on linux-64"),
        ("cuda12.9.yaml", '- "8.0 ', '- "11.0 ', "nvcc 12.9 does not compile for 11.0: 13.0 is the first"),
        ("cuda12.9.yaml", 'cxx_compiler_version:\n  - "14"', 'cxx_compiler_version:\n  - "15"', "gcc 15 is too new"),
        (
            "cuda13.0.yaml",
            '- "8.0 ',
            '- "8.7 ',
            "sageattention has no kernels for compute capability 8.7 (there is 8.0, 8.6",
        ),
        ("cuda13.0.yaml", '- "10.0 12.0"', '- "13.9"', "sageattn3 has no kernels for compute capability 13.9"),
        (
            "cuda13.0.yaml",
            '- "10.0 12.0"',
            '- "8.9 12.0"',
            "sageattn3 is released for compute capability 10.0 and newer",
        ),
        ("cuda12.8.yaml", '- "10.0 12.0"', '- "10.0 12.1"', "nvcc 12.8 does not compile for 12.1: 12.9 is the first"),
        (
            "cuda12.8.yaml",
            'then: "12.8"',
            'then: "12.6"',
            "sageattn3 needs CUDA 12.8 or newer, not 12.6: no older nvcc",
        ),
    ],
)
def test_impossible_variants_are_refused_with_the_reason(tmp_path, name, old, new, reason):
    problems = Copy(tmp_path).edit(name, old, new).table.problems()
    assert any(reason in problem for problem in problems), problems


@pytest.mark.parametrize("distribution", capabilities.LISTS)
def test_capabilities_are_those_that_the_build_accepts(distribution, tmp_path):
    """Read from its CMake file, by one who reads it differently."""
    file = ROOT / capabilities.LISTS[distribution]
    [line] = [line for line in file.read_text().splitlines() if line.startswith("set(") and "_CAPABILITIES " in line]
    digits = line.rstrip(")").split()[1:]
    assert [item.replace(".", "") for item in capabilities.compiled(distribution)] == digits != []
    (tmp_path / file.relative_to(ROOT)).parent.mkdir(parents=True)
    (tmp_path / file.relative_to(ROOT)).write_text("")
    with pytest.raises(FeedstockError, match="lists no compute capabilities"):
        capabilities.compiled(distribution, tmp_path)


def test_a_misspelt_key_is_named(tmp_path):
    copy = Copy(tmp_path).edit("cuda13.0.yaml", "c_stdlib_version:", "c_stdlib_versoin:")
    with pytest.raises(FeedstockError, match=r"cuda13\.0\.yaml: unknown key c_stdlib_versoin"):
        len(copy.table.conda)


def test_the_same_variant_from_two_files_is_refused(tmp_path):
    copy = Copy(tmp_path)
    (copy.folder / "cuda13.0-again.yaml").write_text((copy.folder / "cuda13.0.yaml").read_text())
    with pytest.raises(FeedstockError, match="linux_64_cuda_compiler_version13"):
        len(copy.table.conda)


def test_toolchain_and_glibc_are_zipped():
    paired = {
        cell.cuda: tuple(cell.config({})["cxx_compiler_version"] + cell.config({})["c_stdlib_version"])
        for cell in variants.matrix()
        if cell.platform == "linux-64"
    }
    assert all(len(pair) == 2 for pair in paired.values())
    assert len(set(paired.values())) > 1


@pytest.mark.parametrize("variant", variants.matrix(), ids=lambda variant: variant.name)
def test_recipe_renders(variant):
    cuda, torch = variant.cuda.replace(".", ""), variant.pytorch.replace(".", "")
    build = {"lib": rf"cuda{cuda}_h[0-9a-f]{{7}}_\d+", "": rf"cuda{cuda}_torch{torch}_h[0-9a-f]{{7}}_\d+"}
    names = [("lib", "sageattention"), ("", "sageattention"), ("lib", "sageattn3"), ("", "sageattn3")]
    for (prefix, name), output in zip(names, render(variant, {}), strict=True):
        version = variants.table().version(name)
        assert re.fullmatch(rf"{prefix}{name}-{version}-{build[prefix]}\.conda", output.file.name)
        assert output.file.parent.name == variant.platform


def test_one_kernel_build_serves_every_pytorch():
    """A library's build string must not depend on PyTorch, or the kernels would be compiled once per cell."""
    libraries = {}
    for variant in variants.matrix():
        for output in render(variant, {}):
            if output.name.startswith("lib"):
                libraries.setdefault((variant.platform, variant.cuda, output.name), set()).add(output.file.name)
    assert all(len(names) == 1 for names in libraries.values())


@pytest.mark.parametrize(
    ("name", "digest", "architectures"),
    [
        ("libsageattention", "kernel_digest", "sageattention_architectures"),
        ("libsageattn3", "sageattn3_kernel_digest", "sageattn3_architectures"),
    ],
)
def test_staging_key_holds_sources_and_architectures(name, digest, architectures):
    """The staging cache knows the script's environment, not the sources: without these a stale library would ship."""
    variant = variants.matrix()[0]
    [library] = [output for output in render(variant, {digest: "digest-of-the-sources"}) if output.name == name]
    environment = library.rendered.recipe.to_dict()["staging_caches"][0]["build"]["script"]["env"]
    assert environment["KERNEL_DIGEST"] == "digest-of-the-sources"
    dotted = variant.config({})[architectures][0]
    assert environment["ARCHITECTURES"] == dotted.replace(".", "").replace(" ", ";")


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("kernel_digest", ["libsageattention", "sageattention"]),
        ("operator_digest", ["sageattention"]),
        ("sageattn3_kernel_digest", ["libsageattn3", "sageattn3"]),
        ("sageattn3_operator_digest", ["sageattn3"]),
        ("recipe_digest", ["libsageattention", "sageattention", "libsageattn3", "sageattn3"]),
    ],
)
def test_edited_sources_give_other_build_strings(key, changed):
    variant = variants.matrix()[0]
    pairs = zip(render(variant, {}), render(variant, {key: "edited"}), strict=True)
    assert [before.name for before, after in pairs if before.file != after.file] == changed


def test_linking_errors_are_errors():
    for output in render(variants.matrix()[0], {}):
        linking = output.rendered.recipe.to_dict()["build"]["dynamic_linking"]
        assert linking == {"overlinking_behavior": "error", "overdepending_behavior": "error"}


def test_unknown_variant_lists_the_known_ones():
    with pytest.raises(FeedstockError) as caught:
        variants.select("linux_64_cuda_compiler_version1.0pytorch0.1")
    assert "unknown variant 'linux_64_cuda_compiler_version1.0pytorch0.1'" in str(caught.value)
    assert all(variant.name in str(caught.value) for variant in variants.matrix())


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("package.yaml", "python_min:", "#", "python_min is missing"),
        (
            "package.yaml",
            'sageattention_version:\n  - "',
            'sageattention_version:\n  - "v',
            "sageattention_version cannot be",
        ),
        (
            "package.yaml",
            "build_number:\n  - 0",
            "build_number:\n  - first",
            "sageattention_build_number cannot be 'first'",
        ),
        ("cuda13.0.yaml", '- "8.0 ', '- "8,0 ', "sageattention_architectures cannot be '8,0"),
        ("cuda13.0.yaml", "cuda_compiler_version:", "#", "gives no platform a cuda_compiler_version"),
        ("cuda13.0.yaml", "8.0 8.9", "8.0 8.0", "sageattention_architectures architectures: 8.0, 9.0"),
        ("package.yaml", '- "2.13"', '- "2.13.0"', "pytorch cannot be '2.13.0'; expected something like 2.10"),
        ("package.yaml", '- "1.0.0"', '- "1.0"', "sageattn3_version cannot be '1.0'; expected something like 2.2.1"),
        ("cuda13.0.yaml", "if: linux", "if: linx", "c_compiler: 'if: linx' asks for linx; expected linux, win"),
        ("cuda13.0.yaml", "    else: vs2022", "    els: vs2022", "unknown key els; known: if, then, else"),
        ("cuda13.0.yaml", "    else: vs2022", "", "c_compiler is missing"),
        ("package.yaml", "and x86_64", "and x86", "package.yaml: docker_image: 'if: linux and x86' asks for x86"),
        ("cuda13.0.yaml", "- [c_compiler_version", "- [c_compiler_versoin", "zip_keys: unknown key c_compiler_versoin"),
        (
            "cuda13.0.yaml",
            "zip_keys:\n  - [",
            "zip_keys: 7  # [",
            "zip_keys: expected a list of lists of keys, found 7",
        ),
        (
            "cuda13.0.yaml",
            '- "13.0"',
            '- "13.0"\n  - "13.1"',
            "cuda13.0.yaml: zip_keys: expected as many values of each key",
        ),
    ],
)
def test_wrong_values_are_named(tmp_path, name, old, new, message):
    with pytest.raises(FeedstockError, match=re.escape(message)):
        len(Copy(tmp_path).edit(name, old, new).table.conda)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("local-channel.yaml", "tools:", "tool:", "tools is missing"),
        ("local-channel.yaml", 'nvcc: "13.2.86"', "nvcc: 13.2", "cuda 13.2 nvidia-cuda-nvcc: 13.2 is not a version"),
        ("local-channel.yaml", "nvidia-cuda-nvcc:", "nvidia-cuda-nvc:", "cuda 13.2: nvidia-cuda-nvcc is missing"),
        ("local-channel.yaml", '"13.2":', '"13.2.0":', "expected a version of 2 numbers, like \"2.8\", found '13.2.0'"),
        ("local-channel.yaml", "testing: [numpy", "testing: 7  # [", "testing: expected a list of words, found 7"),
        ("workflows.yaml", "gpu_labels: [", "gpu_labels: 7  # [", "gpu_labels: expected a list of words, found 7"),
        ("workflows.yaml", "wheel: stable", "wheel: stabel", "push builds the wheel profile 'stabel'; known: default"),
        ("workflows.yaml", "conda_platform: linux-64", "conda_platform: linux64", "'linux64'; known: linux, windows"),
        ("workflows.yaml", 'pixi: "0', 'pixi: "v0', "tools pixi: 'v0.81.0' is not a version"),
        ("profiles.yaml", "wheel:", "wheel:\n  all: {set: more}", "wheel all: expected a name of small letters"),
        ("profiles.yaml", "conda:", "conda:\n  cuda130: {pytorch: newest}", "conda cuda130: this profile follows from"),
        ("profiles.yaml", "{set: sage3}", "{set: [sage3]}", "set is ['sage3']; expected text"),
    ],
)
def test_a_check_reads_every_file(tmp_path, name, old, new, message):
    with pytest.raises(FeedstockError, match=re.escape(message)) as caught:
        Copy(tmp_path).edit(name, old, new).table.problems()
    assert name in str(caught.value)


def test_malformed_variant_file_is_named(tmp_path):
    broken = tmp_path / "cuda1.0.yaml"
    broken.write_text("pytorch: [\n")
    with pytest.raises(FeedstockError, match=re.escape(str(broken))):
        variants.load(broken, "linux-64")


def test_local_channel_knows_a_release_of_every_pytorch():
    known = variants.local_releases()["pytorch"]
    for variant in variants.matrix():
        assert known[variant.pytorch].startswith(variant.pytorch + ".")


def tracked(*roots: str) -> list:
    listed = subprocess.run(["git", "ls-files", "-z", *roots], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a git checkout to tell sources from other files")
def test_versions_are_written_in_variants_only():
    """Versions of CUDA, PyTorch and of the package itself; rendered files are derived and may hold them."""
    first = variants.matrix()[0].config({})
    pins = {first["sageattention_version"][0], *variants.local_releases()["pytorch"].values()}
    pins |= {release for wheels in variants.local_releases()["cuda"].values() for release in wheels.values()}
    pattern = re.compile("|".join(rf"(?<![\d.]){re.escape(pin)}(?![\d.])" for pin in sorted(pins)))
    found = []
    for file in tracked("recipe", "scripts", "sageattention", "csrc"):
        if file.suffix in {".txt", ".lock"} or not file.exists():
            continue
        text = file.read_text(errors="replace")
        if not text.startswith("# Rendered"):
            found += [f"{file.relative_to(ROOT)}: {hit}" for hit in pattern.findall(without_comments(text))]
    assert not found


def without_comments(text: str) -> str:
    """Documentation may give a version as an example."""
    return re.sub(r"//[^\n]*|#[^\n]*|/\*.*?\*/|\"\"\".*?\"\"\"|(?:e\.g\.|like) [^\n]*", "", text, flags=re.DOTALL)
