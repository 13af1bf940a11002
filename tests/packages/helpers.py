"""Runs the command line for the tests of real packages, and reads the kernels of compiled libraries."""

import json
import os
import re
import resource
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

ATTRIBUTE_WITH_VALUE, FRAME_SIZE = 0x04, 0x11  # of .nv.info: form and number of EIATTR_FRAME_SIZE


def feedstock(*arguments, root=ROOT, **variables):
    """Runs the command line of a checkout and returns its JSON answer. Everything downloaded is shared."""
    state = os.environ.get("FEEDSTOCK_STATE", str(ROOT / ".feedstock"))
    command = [sys.executable, str(root / "scripts" / "feedstock"), *arguments, "--json"]
    answer = subprocess.run(
        command, env=dict(os.environ, FEEDSTOCK_STATE=state, **variables), capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def copy_of_sources(folder):
    """Sources that may be edited, for one compute capability, so that compiling takes a fraction of the time: of those
    that a distribution knows, the one with the fewest kernels."""
    for name in ("csrc", "sageattention", "sageattention3_blackwell", "recipe", "variants", "scripts"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "LICENSE", folder)
    for file in (folder / "variants").glob("cuda*.yaml"):
        text = file.read_text()
        for name, capability in (("sageattention", "8.0"), ("sageattn3", "9.0")):
            text, count = re.subn(rf'({name}_architectures:\n  - ").*"', rf'\g<1>{capability}"', text)
            assert count == 1, file
        file.write_text(text)
    return folder


def cpu_seconds_of_children() -> float:
    """Unlike the clock, the same on a machine that is busy with other things."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass
class Toolkit:
    """A prefix with nvcc, CMake and ninja."""

    prefix: Path

    def run(self, program, *arguments) -> str:
        """What a program says; its failure fails the test."""
        variables = dict(os.environ, NVCC_PREPEND_FLAGS=f"-I{self.prefix}/include -L{self.prefix}/lib")
        done = subprocess.run(
            [self.prefix / "bin" / program, *arguments],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return done.stdout

    def compile(self, source: Path, folder: Path, **options) -> None:
        """Compiles a CMake project."""
        options.update(CMAKE_CUDA_COMPILER=self.prefix / "bin/nvcc", CUDAToolkit_ROOT=self.prefix)
        options.update(CMAKE_BUILD_TYPE="Release", CMAKE_MAKE_PROGRAM=self.prefix / "bin/ninja")
        settings = [f"-D{name}={value}" for name, value in options.items()]
        self.run("cmake", "-S", source, "-B", folder, "-G", "Ninja", *settings)
        self.run("cmake", "--build", folder)


def sections_of(cubin: bytes):
    """Name and contents of each section of a 64-bit ELF file."""
    table, entry_size, count, names_index = struct.unpack_from("<Q10xHHH", cubin, 40)
    headers = [struct.unpack_from("<IIQQQQ", cubin, table + i * entry_size) for i in range(count)]
    names = headers[names_index][4]
    for name, _, _, _, offset, size in headers:
        start = names + name
        yield cubin[start : cubin.index(b"\0", start)].decode(), cubin[offset : offset + size]


def kernels_of(cubin: bytes):
    """Mangled name and machine code of each kernel."""
    for name, contents in sections_of(cubin):
        if name.startswith(".text."):
            yield name.removeprefix(".text."), contents


def opcodes_of(code: bytes, bits: int):
    """The lowest `bits` bits of each instruction."""
    return [low & (1 << bits) - 1 for low, _ in struct.iter_unpack("<QQ", code)]


def stack_frames_of(cubin: bytes) -> list:
    """Bytes of local memory that each function of the file keeps in its frame: spilled registers and indexed arrays."""
    attributes = b"".join(contents for name, contents in sections_of(cubin) if name == ".nv.info")
    frames, position = [], 0
    while position < len(attributes):
        form, attribute, size = struct.unpack_from("<BBH", attributes, position)
        position += 4
        if form != ATTRIBUTE_WITH_VALUE:
            continue  # the value is in place of the size
        if attribute == FRAME_SIZE:
            _, frame = struct.unpack_from("<II", attributes, position)
            frames.append(frame)
        position += size
    return frames
