"""What a shared library of Linux needs and offers, read from the file."""

import re
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

# The C and C++ runtime; the sanitizers of other names are not meant.
SYSTEM = re.compile(r"(lib(stdc\+\+|gcc_s|m|c|dl|pthread|rt)\.so(\.\d+)*|ld-linux-[a-z0-9-]+\.so\.\d)")


@dataclass
class Library:
    needed: list
    run_paths: list
    exported: list
    undefined: list
    glibc: tuple  # newest version that it needs, (2, 34)


def is_library(file: Path) -> bool:
    with file.open("rb") as handle:
        return handle.read(4) == b"\x7fELF"


def read(file: Path) -> Library:
    with file.open("rb") as handle:
        elf = ELFFile(handle)
        dynamic = next(section for section in elf.iter_sections() if isinstance(section, DynamicSection))
        needed = [tag.needed for tag in dynamic.iter_tags("DT_NEEDED")]
        paths = [getattr(tag, tag.entry.d_tag[3:].lower()) for kind in ("RPATH", "RUNPATH")
                 for tag in dynamic.iter_tags(f"DT_{kind}")]  # fmt: skip
        symbols = [symbol for symbol in elf.get_section_by_name(".dynsym").iter_symbols() if symbol.name]
        return Library(
            needed,
            [part for path in paths for part in path.split(":") if part],
            [symbol.name for symbol in symbols if symbol["st_shndx"] != "SHN_UNDEF"],
            [symbol.name for symbol in symbols if symbol["st_shndx"] == "SHN_UNDEF"],
            newest_glibc(elf),
        )


def newest_glibc(elf: ELFFile) -> tuple:
    versions = [(0, 0)]
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, entries in section.iter_versions():
                found = (re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", entry.name) for entry in entries)
                versions += [(int(match[1]), int(match[2])) for match in found if match]
    return max(versions)
