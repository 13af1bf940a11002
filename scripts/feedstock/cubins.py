"""Reads the kernels that nvcc embedded in a library, and which CUDA compiled them. Nothing is loaded.

recipe/tests/machine_code.py says how fat binaries are laid out; here their contents are unpacked as well. nvcc
compresses them in zstd, older ones in LZ4's block format, or not at all.
"""

import importlib.util
import re
import struct

import zstandard

from feedstock.errors import FeedstockError
from feedstock.paths import RECIPE


def load_machine_code():
    """The recipe's own test, so that both say the same."""
    spec = importlib.util.spec_from_file_location("machine_code", RECIPE.parent / "tests" / "machine_code.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


machine_code = load_machine_code()

# Header of an entry: kind, header size, payload size, size without padding, architecture, flags, uncompressed size.
ENTRY = struct.Struct("<H2xIQI8xI8xQ8xQ")
LZ4, ZSTD = 0x2000, 0x8000
ELF = b"\x7fELF"
# Field of the ELF header that is 1 elsewhere: before CUDA 13, nvcc wrote its version there, 128 for 12.8.
ELF_VERSION = struct.Struct("<20xI")
NOTE = re.compile(rb"Cuda compilation tools, release (\d+\.\d+)")


def cubins_of(library: bytes):
    """Architecture number and ELF file of all machine code that nvcc embedded."""
    for match in re.finditer(re.escape(machine_code.MAGIC), library):
        header = library[match.start() : match.start() + machine_code.FILE_HEADER.size]
        _, version, header_size, size = machine_code.FILE_HEADER.unpack(header.ljust(machine_code.FILE_HEADER.size))
        if (version, header_size) != (1, machine_code.FILE_HEADER.size):
            continue
        position = match.start() + header_size
        end = position + size
        while position + ENTRY.size <= min(end, len(library)):
            kind, header_size, size, packed_size, number, flags, plain_size = ENTRY.unpack_from(library, position)
            if header_size < ENTRY.size:  # not an entry: a damaged file must not keep the reader here
                raise FeedstockError("the embedded machine code is damaged")
            start = position + header_size
            if kind == machine_code.MACHINE_CODE:
                yield number, unpacked(library[start : start + size], packed_size, flags, plain_size)
            position = start + size


def unpacked(payload: bytes, packed_size: int, flags: int, plain_size: int) -> bytes:
    try:
        if flags & ZSTD:
            payload = zstandard.ZstdDecompressor().decompress(payload[:packed_size], max_output_size=plain_size)
        elif flags & LZ4:
            payload = lz4(payload[:packed_size])
    except (IndexError, ValueError, zstandard.ZstdError) as error:
        raise FeedstockError(f"the embedded machine code is damaged ({error})") from error
    if flags & (ZSTD | LZ4) and len(payload) != plain_size:
        raise FeedstockError(f"the embedded machine code is damaged ({len(payload)} bytes, expected {plain_size})")
    if not payload.startswith(ELF) or len(payload) < ELF_VERSION.size:
        raise FeedstockError(f"the embedded machine code is damaged, or in an unknown form (flags {flags:#x})")
    return payload


def lz4(packed: bytes) -> bytes:
    """A block: literals, then a copy of what came before, and again; literals end it."""
    plain, position = bytearray(), 0

    def length_from(count: int) -> int:
        """Four bits, and as many further bytes as it takes."""
        nonlocal position
        more = 255 if count == 15 else 0
        while more == 255:
            more = packed[position]
            position += 1
            count += more
        return count

    while True:
        token = packed[position]
        position += 1
        length = length_from(token >> 4)
        plain += packed[position : position + length]
        position += length
        if position >= len(packed):
            return bytes(plain)
        distance = packed[position] | packed[position + 1] << 8
        position += 2
        length = length_from(token & 15) + 4
        if not 0 < distance <= len(plain):
            raise ValueError("a copy from nowhere")
        # What is copied may reach into the copy itself, and then repeats.
        start = len(plain) - distance
        plain += (plain[start : start + length] * (length // distance + 1))[:length]


def cuda_of(cubin: bytes) -> str:
    """Version of the CUDA toolkit that made it: CUDA 13 leaves a note."""
    noted = NOTE.search(cubin)
    if noted:
        return noted[1].decode()
    [number] = ELF_VERSION.unpack_from(cubin)
    return f"{number // 10}.{number % 10}" if number > 100 else "unknown"
