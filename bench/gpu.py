"""Proves the kernels on this machine's GPU: builds them for it, runs the checks and the benchmark, writes one JSON.

    python3 bench/gpu.py --output results.json               # build from source; needs torch, cmake, ninja and nvcc
    python3 bench/gpu.py --library-dir PREFIX/lib             # check files that were built elsewhere
    python3 bench/gpu.py --sanitize                           # also under compute-sanitizer
    python3 bench/gpu.py --fp8-form                           # on 9.0 also the FP8 kernels of 8.9 and 12.x

Needs no network, no test runner and nothing beside torch in Python.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "gpu"


def main() -> int:
    options = parse(sys.argv[1:])
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    record = {"date": today, "sources": source_digest(), "commit": commit()}
    if options.library_dir:
        library_dir = options.library_dir.resolve()
        record["library"] = "shipped files"
    else:
        library_dir, record["build_seconds"] = build()
        record["library"] = "built here"
    os.environ["SAGEATTENTION_LIBRARY_DIR"] = str(library_dir)
    package_root = options.package_root.resolve() if options.package_root else ROOT
    sys.path[:0] = [str(package_root), str(ROOT / "tests"), str(ROOT / "bench")]
    record["machine"] = machine()
    failures = run_checks(record)
    if options.fp8_form:
        failures += run_fp8_form(record, library_dir, package_root)
    if options.sanitize:
        failures += run_sanitizer(record, package_root)
    if not options.no_benchmark:
        run_benchmark(record)
    if options.output:
        options.output.write_text(json.dumps(record, indent=1) + "\n")
        print(f"written: {options.output}")
    print(f"{len(failures)} failed: {', '.join(failures)}" if failures else "all checks passed")
    return 1 if failures else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, help="JSON file for the results")
    parser.add_argument("--library-dir", type=Path, help="folder of libsageattention_torch.so: do not build")
    parser.add_argument("--package-root", type=Path, help="folder that holds the sageattention package to import")
    parser.add_argument("--sanitize", action="store_true", help="run compute-sanitizer over small shapes")
    parser.add_argument(
        "--fp8-form",
        action="store_true",
        help="also build and check the FP8 kernels of 8.9 and 12.x, whose products the compiler converts on 9.0",
    )
    parser.add_argument("--no-benchmark", action="store_true")
    return parser.parse_args(arguments)


def source_digest() -> str:
    """Names and contents of everything below csrc and sageattention."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in ("csrc", "sageattention") for file in (ROOT / folder).rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def commit() -> str | None:
    """The commit of this checkout, with + if files differ from it; None outside a checkout."""
    git = ["git", "-C", str(ROOT)]
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
    if head.returncode:
        return None
    changed = subprocess.run([*git, "status", "--porcelain", "csrc", "sageattention"], capture_output=True, text=True)
    return head.stdout.strip()[:12] + ("+" if changed.stdout else "")


def build() -> tuple[Path, float]:
    """Both libraries for the capability of this GPU and the torch of this Python."""
    import torch

    for tool in ("cmake", "ninja", "nvcc"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not on PATH; a build needs cmake, ninja and nvcc (or pass --library-dir)")
    shutil.rmtree(BUILD, ignore_errors=True)  # a whole build, so that its time means something
    start = time.monotonic()
    prefix = BUILD / "prefix"
    build_kernels("kernels", prefix)
    cmake("torch", "csrc/torch", prefix, f"-DCMAKE_PREFIX_PATH={prefix}",
          f"-DSAGEATTENTION_TORCH_DIR={Path(torch.__file__).parent}",
          f"-DCMAKE_CXX_COMPILER={cxx_compiler()}")  # fmt: skip
    return prefix / "lib", round(time.monotonic() - start, 1)


def build_kernels(name: str, prefix: Path, *definitions: str) -> None:
    import torch

    major, minor = torch.cuda.get_device_capability()
    version = re.search(r'"(.+)"', (ROOT / "sageattention" / "_version.py").read_text()).group(1)
    cmake(name, "csrc", prefix, f"-DSAGEATTENTION_VERSION={version}", f"-DSAGEATTENTION_ARCHITECTURES={major}{minor}",
          *definitions)  # fmt: skip


def cxx_compiler() -> str:
    """A g++ that links libstdc++ as torch does, dynamically; some images put a static-only one first."""
    known = [path for path in (os.environ.get("CXX"), shutil.which("g++"), "/usr/bin/g++") if path]
    for path in known:
        named = subprocess.run([path, "-print-file-name=libstdc++.so"], capture_output=True, text=True).stdout.strip()
        if Path(named).is_absolute():
            return path
    raise SystemExit(f"no C++ compiler with a shared libstdc++ among {known}; install g++")


def cmake(name: str, source: str, prefix: Path, *definitions: str) -> None:
    folder = BUILD / name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "build.log"
    common = ["-G", "Ninja", f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DCMAKE_INSTALL_LIBDIR=lib"]
    steps = (["cmake", "-S", str(ROOT / source), "-B", str(folder), *common, *definitions],
             ["cmake", "--build", str(folder)], ["cmake", "--install", str(folder)])  # fmt: skip
    print(f"building {name} …", flush=True)
    with log.open("w") as output:
        for step in steps:
            if subprocess.run(step, stdout=output, stderr=subprocess.STDOUT).returncode:
                print(log.read_text()[-3000:])
                raise SystemExit(f"building {name} failed; the whole log is {log}")


def machine() -> dict:
    import torch

    driver = subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], capture_output=True,
                            text=True).stdout.split("\n")[0]  # fmt: skip
    information = torch.ops.sageattention.build_information() if importlib.import_module("sageattention") else {}
    return {
        "device": torch.cuda.get_device_name(),
        "driver": driver,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": sys.version.split()[0],
        "sageattention": {key: information[key] for key in sorted(information)},
    }


def run_checks(record: dict) -> list[str]:
    import torch
    from attention import gpu_checks, gpu_checks_decode, gpu_checks_wgmma

    failures, start = [], time.monotonic()
    measured = record["checks"] = {}
    named = [(f"random_shapes[{seed}]", gpu_checks.check_random_shapes, (seed,)) for seed in
             range(gpu_checks.RANDOM_CASES)]  # fmt: skip
    named += [(f"random_options[{seed}]", gpu_checks.check_random_options, (seed,)) for seed in
              range(gpu_checks.OPTION_CASES)]  # fmt: skip
    named += [(check.__name__.removeprefix("check_"), check, ()) for check in gpu_checks.CHECKS]
    named += [(check.__name__.removeprefix("check_"), check, ()) for check in gpu_checks_decode.CHECKS]
    wgmma = [(check.__name__.removeprefix("check_"), check, ()) for check in gpu_checks_wgmma.CHECKS]
    named += wgmma if torch.cuda.get_device_capability() == (9, 0) else []
    for name, check, arguments in named:
        print(f"\r{name:<32}", end="", flush=True)
        # What `sageattn` chooses for itself is checked by the last ones; the others are about 16-bit values.
        automatic = check in (*gpu_checks_decode.CHECKS, *gpu_checks_wgmma.CHECKS)
        os.environ["SAGEATTENTION_KERNEL"] = "" if automatic else "fp16"
        try:
            result = check(*arguments)
        except Exception as error:  # a check may fail in any way; all of them are reported
            failures.append(name)
            print(f"\rFAILED {name}: {type(error).__name__}: {error}", flush=True)
        else:
            if result is not None:
                measured[name] = result
    del os.environ["SAGEATTENTION_KERNEL"]
    measured["passed"] = len(named) - len(failures)
    measured["failed"] = failures
    print(f"\r{measured['passed']} of {len(named)} checks passed in {time.monotonic() - start:.0f} s", flush=True)
    return failures


def run_fp8_form(record: dict, library_dir: Path, package_root: Path) -> list[str]:
    """All checks with FP8 kernels in the form of 8.9 and 12.x, in a process of its own."""
    prefix = BUILD / "fp8-form"
    build_kernels("kernels-fp8-form", prefix, "-DSAGEATTENTION_MULTIPLIES_FP8=ON")
    for file in library_dir.glob("*sageattention_torch*"):
        shutil.copy(file, prefix / "lib")
    results = BUILD / "fp8-form.json"
    results.unlink(missing_ok=True)
    command = [sys.executable, __file__, "--library-dir", str(prefix / "lib"), "--package-root", str(package_root),
               "--no-benchmark", "--output", str(results)]  # fmt: skip
    subprocess.run(command, check=False)
    if not results.exists():  # it ended early, and has said why
        return ["the checks with the other form of FP8"]
    record["fp8_form"] = json.loads(results.read_text())["checks"]
    return [f"{name} with the other form of FP8" for name in record["fp8_form"]["failed"]]


def run_sanitizer(record: dict, package_root: Path) -> list[str]:
    """memcheck, racecheck and initcheck over small odd shapes, each in a process of its own."""
    paths = os.pathsep.join([str(package_root), str(ROOT / "tests")])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"}
    results, failures = record.setdefault("sanitizer", {}), []
    for tool in ("memcheck", "racecheck", "initcheck"):
        command = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", sys.executable,
                   str(ROOT / "tests" / "attention" / "gpu_sweep.py")]  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        last = [line for line in done.stdout.splitlines() if "SUMMARY" in line]
        results[tool] = last[-1].strip("= ") if last else f"exit status {done.returncode}"
        print(f"compute-sanitizer {tool}: {results[tool]}", flush=True)
        if done.returncode:
            failures.append(tool)
            print(done.stdout[-2000:], done.stderr[-1000:])
    return failures


def run_benchmark(record: dict) -> None:
    import benchmark

    record["host_microseconds_per_call"] = benchmark.host_row()
    print("host µs per call:", record["host_microseconds_per_call"], flush=True)
    rows = record["throughput"] = []
    print(f"{'D':>4} {'mask':>7} {'N':>6}  " + "  ".join(f"{name:>18}" for name in benchmark.CONTENDERS) + "   (TOPS)")
    for row in benchmark.throughput_rows():
        rows.append(row)
        figures = "  ".join(f"{row[name]['tops'] if row[name] else math.nan:>18.0f}" for name in benchmark.CONTENDERS)
        mask = "causal" if row["causal"] else "full"
        print(f"{row['head_dim']:>4} {mask:>7} {row['length']:>6}  {figures}", flush=True)
    record["other_shapes"] = []
    for row in benchmark.other_rows():
        record["other_shapes"].append(row)
        print(f"{row['shape']:<32} sageattn {row['sageattn']}  sdpa {row['sdpa']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
