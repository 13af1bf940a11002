"""The reader of GPU machine code, on fat binaries made by hand."""

import struct

import pytest
from feedstock.cubins import machine_code

PTX, MACHINE_CODE = 1, 2


def fat_binary(*entries):
    """Header and entries as nvcc lays them out: (kind, architecture number), and what may follow: contents, as they are
    embedded; flags and uncompressed size, if they are compressed."""
    body = b""
    for kind, number, *rest in entries:
        payload, flags, size = (*rest, *(b"\0" * 40, 0, 0)[len(rest) :])
        packed = len(payload) if flags else 0
        payload += b"\0" * (-len(payload) % 8)
        body += struct.pack("<HHIQI8xI8xQ8xQ", kind, 0x101, 64, len(payload), packed, number, flags, size) + payload
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(body)) + body


@pytest.fixture
def library(tmp_path):
    def write(*binaries):
        path = tmp_path / "library.so"
        path.write_bytes(b"\x7fELF" + b"\0" * 60 + b"".join(binaries))
        return path

    return write


def test_all_architectures_are_found(library):
    path = library(fat_binary((MACHINE_CODE, 80), (MACHINE_CODE, 90)), fat_binary((MACHINE_CODE, 120)))
    assert machine_code.check(path, ["8.0", "9.0", "12.0"]) == ""


def test_a_missing_architecture_is_named(library):
    problem = machine_code.check(library(fat_binary((MACHINE_CODE, 80))), ["8.0", "9.0"])
    assert "machine code for 8.0, expected 8.0 9.0" in problem


def test_ptx_is_not_machine_code(library):
    path = library(fat_binary((MACHINE_CODE, 80), (PTX, 90)))
    assert "expected 8.0 9.0" in machine_code.check(path, ["8.0", "9.0"])


def test_a_library_without_machine_code_is_refused(library):
    assert "no GPU machine code" in machine_code.check(library(), ["8.0"])


def test_every_fat_binary_must_hold_machine_code(library):
    """A translation unit compiled to PTX alone would be compiled by the driver, if that knows it at all."""
    path = library(fat_binary((MACHINE_CODE, 80)), fat_binary((PTX, 80)))
    assert "1 of 2 fat binaries hold no machine code" in machine_code.check(path, ["8.0"])


def test_a_damaged_fat_binary_ends_the_reading(library):
    path = library(struct.pack("<IHHQ", 0xBA55ED50, 1, 16, 400) + b"\0" * 400)
    assert "no GPU machine code" in machine_code.check(path, ["8.0"])
