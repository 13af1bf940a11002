"""Reads which GPU machine code a library holds, and checks it against a list of compute capabilities.

    python machine_code.py LIBRARY 8.0 9.0 10.0 12.0

nvcc embeds "fat binaries" in the host library. A fat binary starts with a header (magic number, version, header size,
payload size); its entries follow, each with a header of its own: kind (1 PTX, 2 machine code), header size, payload
size, ..., architecture number (80 for 8.0, 120 for 12.0). Reading them needs neither a CUDA tool nor a GPU, and works
on ELF and PE files alike. Every fat binary must hold machine code of some listed architecture, and together they must
hold all of them and no other.
"""

import re
import struct
import sys
from pathlib import Path

MAGIC = struct.pack("<I", 0xBA55ED50)
FILE_HEADER = struct.Struct("<IHHQ")  # magic, version, header size, size of the entries
ENTRY_HEADER = struct.Struct("<HHIQ12xI")  # kind, attributes, header size, payload size, ..., architecture
MACHINE_CODE = 2


def architectures(library: bytes) -> list:
    """The architecture numbers of each fat binary, in file order."""
    found = []
    for match in re.finditer(re.escape(MAGIC), library):
        start = match.start()
        _, version, header_size, size = FILE_HEADER.unpack_from(library, start)
        if version == 1 and header_size == FILE_HEADER.size:
            found.append(entries(library, start + header_size, start + header_size + size))
    return found


def entries(library: bytes, position: int, end: int) -> set:
    numbers = set()
    while position + ENTRY_HEADER.size <= end:
        kind, _, header_size, size, number = ENTRY_HEADER.unpack_from(library, position)
        if header_size < ENTRY_HEADER.size:  # not an entry: a damaged file must not keep the reader here
            break
        if kind == MACHINE_CODE:
            numbers.add(number)
        position += header_size + size
    return numbers


def check(library: Path, expected: list) -> str:
    """A sentence that says what is wrong, or an empty one."""
    wanted = {int(capability.replace(".", "")) for capability in expected}
    binaries = architectures(library.read_bytes())
    if not any(binaries):
        return f"{library} holds no GPU machine code"
    if not all(binaries):
        return f"{library}: {binaries.count(set())} of {len(binaries)} fat binaries hold no machine code"
    present = set().union(*binaries)
    if present != wanted:
        return f"{library} holds machine code for {name(present)}, expected {name(wanted)}"
    return ""


def name(numbers: set) -> str:
    return " ".join(f"{number // 10}.{number % 10}" for number in sorted(numbers)) or "nothing"


if __name__ == "__main__":
    problem = check(Path(sys.argv[1]), sys.argv[2:])
    if problem:
        sys.exit(problem)
    print(f"{sys.argv[1]}: machine code for {' '.join(sys.argv[2:])}")
