"""Job summaries: every outcome of a command is a section, and nothing that a file says breaks the table."""

import json

from feedstock import summary


def page(folder, **results):
    files = []
    for name, result in results.items():
        files.append(folder / f"{name}.json")
        if result is not None:
            files[-1].write_text(result if isinstance(result, str) else json.dumps(result))
    return summary.page(files)


def test_what_was_made_with_its_size_and_time(tmp_path):
    wheel = tmp_path / "demo.whl"
    wheel.write_bytes(bytes(1_500_000))
    text = page(tmp_path, wheels={"ok": True, "wheels": [str(wheel)], "steps": [{"step": "kernels", "seconds": 9.5}]})
    assert "## ✅ wheels" in text
    assert "| demo.whl | 1.50 |" in text
    assert "| kernels | 9.5 |" in text


def test_what_is_wrong_with_a_file(tmp_path):
    checks = [{"what": "name", "found": "yes", "good": True}, {"what": "RPATH", "found": "a|b", "good": False}]
    text = page(tmp_path, verify={"ok": False, "error": "1 of 1 files", "files": {"x/demo.whl": checks}, "steps": []})
    assert "## ❌ verify" in text
    assert "| demo.whl | 1 of 2 ✅ | ❌ RPATH: a\\|b |" in text


def test_a_step_that_never_ran_or_was_cut_short(tmp_path):
    text = page(tmp_path, build=None, verify='{"ok": tr')
    assert text.count("did not get as far") == 2


def test_what_was_published(tmp_path):
    text = page(tmp_path, conda={"ok": True, "target": "prefix:x", "published": {"a.conda": "published"}})
    assert "| a.conda | published |" in text
