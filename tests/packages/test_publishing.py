"""What a user of the published files does: install from the channel, and from the index of wheels."""

import re
import subprocess
import sys

import pytest
from packages.helpers import ROOT, feedstock

pytestmark = pytest.mark.package

RUN = [str(ROOT / "recipe/tests/attention_on_cpu.py")]


def test_packages_install_from_the_published_channel(packages, tmp_path):
    """As `conda install -c CHANNEL sageattention` does it, into an empty prefix; published twice is published once."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from feedstock.channel import CHANNEL
    from feedstock.install import install, python_of

    channel, files = tmp_path / "channel", [str(file) for file in packages.values()]
    assert set(feedstock("publish", "--to", str(channel), *files)["published"].values()) == {"published"}
    assert set(feedstock("publish", "--to", str(channel), *files)["published"].values()) == {"was there already"}
    prefix = tmp_path / "prefix"
    install(prefix, [channel.as_uri(), CHANNEL.as_uri()], ["sageattention"])
    subprocess.run([python_of(prefix), "-I", *RUN], check=True, cwd=tmp_path)


def test_wheels_install_from_the_index(built, serve, tmp_path):
    """As pip does it, beside the PyTorch that the wheel is for."""
    cuda, pytorch = re.search(r"version([\d.]+)pytorch([\d.]+)$", built["variants"][0]).groups()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    wheels = feedstock("wheel", "--torch", pytorch, "--cuda", cuda, "--python", python)["wheels"]
    site, environment = tmp_path / "site", tmp_path / "environment"
    feedstock("index", "--to", str(site), *wheels)
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    pip = [environment / "bin" / "pip", "--disable-pip-version-check", "install", "--only-binary", ":all:"]
    subprocess.run([*pip, f"torch=={pytorch}.*", "numpy"], check=True)
    index = f"{serve(site)}/cu{cuda.replace('.', '')}/torch{pytorch}"
    subprocess.run([*pip, "--isolated", "--index-url", index, "--no-deps", "sageattention"], check=True)
    subprocess.run([environment / "bin" / "python", "-I", *RUN], check=True, cwd=tmp_path)
