"""The reader of embedded kernels, on fat binaries made by hand in every form that nvcc gives them."""

import struct

import pytest
import zstandard
from feedstock.cubins import LZ4, ZSTD, cubins_of, cuda_of
from feedstock.errors import FeedstockError

from .test_machine_code import MACHINE_CODE, PTX, fat_binary


def cubin(cuda):
    """As much of one as says which toolkit made it."""
    old = int(cuda.split(".")[0]) < 13
    header = b"\x7fELF".ljust(20, b"\0") + struct.pack("<I", int(cuda.replace(".", "")) if old else 1)
    note = "" if old else f"Cuda compilation tools, release {cuda}, V{cuda}.88\0"
    return header + bytes(3000) + note.encode().ljust(64, b"\0")


def lz4(plain):
    """The zeros of a cubin as a copy that reaches into itself, everything else as literals."""
    head, tail = plain[:25], plain[-5:]
    count = len(plain) - len(head) - len(tail) - 4 - 15  # of the copy, beyond four and what its token holds
    copy = struct.pack("<H", 1) + b"\xff" * (count // 255) + bytes([count % 255])
    return b"\xff" + bytes([len(head) - 15]) + head + copy + bytes([len(tail) << 4]) + tail


@pytest.mark.parametrize("cuda", ["12.6", "12.9", "13.0"])
def test_the_toolkit_is_known_however_it_compressed(cuda):
    code = cubin(cuda)
    forms = [(code,), (zstandard.ZstdCompressor().compress(code), ZSTD | 0x11, len(code))]
    if cuda < "13":
        forms.append((lz4(code), LZ4 | 0x11, len(code)))
    binary = fat_binary((PTX, 90), *((MACHINE_CODE, 90, *form) for form in forms))
    library = b"\x7fELF" + binary + binary[:9]
    found = list(cubins_of(library))
    assert found == [(90, code)] * len(forms)
    assert {cuda_of(code) for _, code in found} == {cuda}


def test_a_kernel_without_a_version_is_of_none():
    assert cuda_of(cubin("13.0")[:1000]) == "unknown"


@pytest.mark.parametrize(
    "form",
    [
        (b"other",),
        (b"\x7fELF",),
        (b"other", 0x4000, 5),
        (zstandard.ZstdCompressor().compress(cubin("13.0"))[:-9], ZSTD, len(cubin("13.0"))),
        (zstandard.ZstdCompressor().compress(b"other"), ZSTD, 5),
        (lz4(cubin("12.8")), LZ4, 7),
        (lz4(cubin("12.8"))[:20], LZ4, len(cubin("12.8"))),
        (b"\x00\x09\x00", LZ4, 9),
    ],
)
def test_what_cannot_be_read_is_said(form):
    with pytest.raises(FeedstockError, match="embedded machine code is damaged"):
        list(cubins_of(fat_binary((MACHINE_CODE, 90, *form))))
