"""What tests share: which sageattention and which sageattn3 are under test, and a web server.

With SAGEATTENTION_LIBRARY_DIR or SAGEATTN3_LIBRARY_DIR set it is this source tree, with the operator library of that
directory; otherwise the installed package. `python3 scripts/feedstock test` prepares either.
"""

from __future__ import annotations

import functools
import http.server
import importlib
import importlib.util
import os
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

if os.environ.get("SAGEATTENTION_LIBRARY_DIR"):
    sys.path.insert(0, str(ROOT))
if os.environ.get("SAGEATTN3_LIBRARY_DIR"):
    sys.path.insert(0, str(ROOT / "sageattention3_blackwell"))


@pytest.fixture(scope="session")
def sageattention():
    return package("sageattention")


@pytest.fixture(scope="session")
def sageattn3():
    return package("sageattn3")


def package(name: str):
    """The package, operator library included. Its absence is a failure, never a skip."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        pytest.fail(f"{error}\nThe tests need a built library: run `python3 scripts/feedstock test`.", pytrace=False)


@pytest.fixture(scope="session")
def package_folder() -> Path:
    """The folder of the package under test, found without importing it."""
    package = importlib.util.find_spec("sageattention")
    return Path(package.origin).parent if package else ROOT / "sageattention"


@pytest.fixture(scope="session")
def reference(package_folder):
    """sageattention/reference.py by itself, which needs torch alone."""
    spec = importlib.util.spec_from_file_location("sageattention_reference", package_folder / "reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def serve():
    """A web server on the loopback address for one folder."""
    servers = []

    def serve(folder):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        servers.append(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()
