"""Proves the FP4 kernels on this machine's GPU: builds them for it, runs the checks, writes one JSON.

    python3 bench/fp4_gpu.py --output results.json        # needs torch, cmake, ninja and nvcc
    python3 bench/fp4_gpu.py --sanitize                   # also under compute-sanitizer

On a GPU that does not multiply FP4 (before 12.0, and 10.x) the kernels run with their emulated matrix instruction: it
shows that they are right, and nothing about speed.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import gpu

ROOT = gpu.ROOT
PACKAGE = ROOT / "sageattention3_blackwell"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, help="JSON file for the results")
    parser.add_argument("--sanitize", action="store_true", help="run compute-sanitizer over small shapes")
    options = parser.parse_args()
    record = {"date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(), "sources": source_digest()}
    library_dir, record["build_seconds"] = build()
    os.environ["SAGEATTN3_LIBRARY_DIR"] = str(library_dir)
    record["library_bytes"] = (library_dir / "libsageattn3.so").stat().st_size
    paths = [str(PACKAGE), str(ROOT / "tests")]
    sys.path[:0] = paths
    record["machine"] = machine()
    failures = run_checks(record)
    if options.sanitize:
        failures += run_sanitizer(record, paths)
    if options.output:
        options.output.write_text(json.dumps(record, indent=1) + "\n")
    print(f"{len(failures)} failed: {', '.join(failures)}" if failures else "all checks passed")
    return 1 if failures else 0


def source_digest() -> str:
    """Names and contents of everything that the libraries and the package are made of."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in (ROOT / "csrc", PACKAGE) for file in folder.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def build() -> tuple[Path, float]:
    """Both libraries for the capability of this GPU and the torch of this Python."""
    import torch

    for folder in ("fp4_kernels", "fp4_torch"):
        shutil.rmtree(gpu.BUILD / folder, ignore_errors=True)  # a whole build, so that its time means something
    start = time.monotonic()
    major, minor = torch.cuda.get_device_capability()
    version = re.search(r'"(.+)"', (PACKAGE / "sageattn3" / "_version.py").read_text()).group(1)
    prefix = gpu.BUILD / "fp4_prefix"
    gpu.cmake("fp4_kernels", "sageattention3_blackwell/csrc", prefix, f"-DSAGEATTN3_VERSION={version}",
              f"-DSAGEATTN3_ARCHITECTURES={major}{minor}")  # fmt: skip
    gpu.cmake("fp4_torch", "sageattention3_blackwell/csrc/torch", prefix, f"-DCMAKE_PREFIX_PATH={prefix}",
              f"-DSAGEATTENTION_TORCH_DIR={Path(torch.__file__).parent}",
              f"-DCMAKE_CXX_COMPILER={gpu.cxx_compiler()}")  # fmt: skip
    return prefix / "lib", round(time.monotonic() - start, 1)


def machine() -> dict:
    import torch

    import sageattn3

    q = torch.zeros(1, 1, 128, 128, device="cuda", dtype=torch.float16)
    return {
        "device": torch.cuda.get_device_name(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "kernel": sageattn3.explain(q, q, q).kernel,
    }


def run_checks(record: dict) -> list[str]:
    from fp4 import gpu_checks

    failures, measured, start = [], {}, time.monotonic()
    record["checks"] = measured
    named = [(f"random_shapes[{seed}]", gpu_checks.check_random_shapes, (seed,)) for seed in
             range(gpu_checks.RANDOM_CASES)]  # fmt: skip
    named += [(check.__name__.removeprefix("check_"), check, ()) for check in gpu_checks.CHECKS]
    differences = []
    for name, check, arguments in named:
        try:
            result = check(*arguments)
        except Exception as error:  # a check may fail in any way; all of them are reported
            failures.append(name)
            print(f"FAILED {name}: {type(error).__name__}: {str(error)[:1500]}", flush=True)
            continue
        if isinstance(result, float):
            differences.append(result)
        elif result is not None:
            measured[name] = result
    differences.sort()
    if differences:
        measured["relative L1 from the reference, random shapes"] = {
            "median": differences[len(differences) // 2], "largest": differences[-1]}  # fmt: skip
    record["kernel_seconds"] = time_kernels()
    measured["passed"] = len(named) - len(failures)
    measured["failed"] = failures
    print(f"{measured['passed']} of {len(named)} checks passed in {time.monotonic() - start:.0f} s", flush=True)
    return failures


def time_kernels() -> dict:
    """Seconds of one call, which on a GPU without FP4 are those of the emulation."""
    import torch

    import sageattn3

    measured = {}
    for head_dim in (64, 128, 256):
        q, k, v = torch.randn(3, 1, 16, 8192, head_dim, device="cuda", dtype=torch.bfloat16)
        events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]
        for repetitions in (1, 5):  # the first one warms up
            events[0].record()
            for _ in range(repetitions):
                sageattn3.sageattn3_blackwell(q, k, v)
            events[1].record()
            events[1].synchronize()
            measured[f"16 heads, 8192 tokens, D={head_dim}"] = events[0].elapsed_time(events[1]) / repetitions / 1e3
    return measured


def run_sanitizer(record: dict, paths: list[str]) -> list[str]:
    """memcheck, racecheck and initcheck over small odd shapes, each in a process of its own, side by side."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}
    program = [sys.executable, str(ROOT / "tests" / "fp4" / "gpu_checks.py")]
    running = {
        tool: subprocess.Popen(
            ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", *program],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for tool in ("memcheck", "racecheck", "initcheck")
    }  # fmt: skip
    results, failures = record.setdefault("sanitizer", {}), []
    for tool, process in running.items():
        output = process.communicate()[0]
        last = [line for line in output.splitlines() if "SUMMARY" in line]
        results[tool] = last[-1].strip("= ") if last else f"exit status {process.returncode}"
        print(f"compute-sanitizer {tool}: {results[tool]}", flush=True)
        if process.returncode:
            failures.append(tool)
            print(output[-3000:])
    return failures


if __name__ == "__main__":
    sys.exit(main())
