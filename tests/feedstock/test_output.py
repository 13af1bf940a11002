"""What is installed is what output/ holds."""

import pytest
from feedstock import output, variants
from feedstock.errors import FeedstockError, explain


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(output, "OUTPUT", tmp_path)
    return tmp_path


def hold(folder, variant):
    file = folder / variant.platform / f"sageattention-2.2.0-{output.build_prefix(variant)}h0123456_0.conda"
    file.parent.mkdir(exist_ok=True)
    file.touch()


def test_the_newest_variant_that_is_there_is_chosen(folder):
    newest, older, *_ = (cell for cell in variants.native() if cell.cuda == variants.default().cuda)
    assert output.newest("local") == variants.default()
    hold(folder, older)
    assert output.newest("local") == older
    hold(folder, newest)
    assert output.newest("local") == newest


def test_the_name_alone_means_the_build_of_the_variant(folder):
    variant = variants.default()
    build = f"cuda{variant.cuda}_torch{variant.pytorch}_*".replace(".", "")
    assert output.specs(variant, [], "conda-forge") == [f"sageattention * {build}"]
    assert output.specs(variant, ["cmake", "sageattention 2.*"], "local") == ["cmake", "sageattention 2.*"]
    with pytest.raises(FeedstockError, match="holds no sageattention of"):
        output.specs(variant, [], "local")
    hold(folder, variant)
    assert output.specs(variant, [], "local") == [f"sageattention * {build}"]
    assert output.specs(variant, ["sageattn3"], "conda-forge") == [f"sageattn3 * {build}"]
    with pytest.raises(FeedstockError, match="holds no sageattn3 of"):
        output.specs(variant, ["sageattn3"], "local")


def test_damaged_packages_are_named(folder, reporter):
    (folder / "noarch").mkdir()
    (folder / "noarch" / "repodata.json").write_text('{"packages.conda": {}}')
    (folder / "noarch" / "demo-1.0-0.conda").write_text("half")
    assert output.channels(reporter) == [folder.as_uri()]
    assert "demo-1.0-0.conda was damaged" in reporter.log_path.read_text()


def test_an_output_that_cannot_be_written_is_named_before_the_build(folder, monkeypatch):
    output.require_writable()
    assert list(folder.iterdir()) == []
    monkeypatch.setattr(output, "OUTPUT", folder / "file")
    (folder / "file").touch()
    with pytest.raises(OSError, match="file") as caught:
        output.require_writable()
    assert explain(caught.value).startswith("a file is where a folder is needed")
