"""The conda lane is compared with what a channel offers."""

import pytest
from feedstock import assemble, index, online, variants
from feedstock.assemble import Contents


@pytest.fixture
def channel(state, tmp_path):
    """A channel with the given builds of PyTorch."""
    folder = tmp_path / "channel"
    stage = tmp_path / "stage"
    stage.mkdir()
    (stage / "file").write_text("contents")

    def channel(*builds):
        for cell in variants.matrix():
            for build in builds:
                contents = Contents("pytorch", f"{cell.pytorch}.1", stage, f"{build}_generic_py312_h0_0")
                assemble.write(contents, cell.platform, folder / cell.platform)
        index.ensure(folder)
        return folder.as_uri()

    return channel


def test_a_channel_with_every_pytorch_satisfies_the_table(channel):
    assert online.missing(variants.table(), channel("cuda128", "cuda129", "cuda130")) == []


def test_an_older_cuda_of_the_same_major_version_will_do(channel):
    missing = online.missing(variants.table(), channel("cuda128"))
    assert {sentence.split(":")[0] for sentence in missing} == {
        cell.name for cell in variants.matrix() if cell.cuda.startswith("13.")
    }


def test_a_cpu_build_does_not_count(channel):
    assert len(online.missing(variants.table(), channel("cpu"))) == len(variants.matrix())
