"""What a failed program said that matters is in the message; all of it is in the log."""

import sys

import pytest
from feedstock.errors import FeedstockError
from feedstock.programs import run


def message(reporter, program):
    with pytest.raises(FeedstockError) as caught:
        run([sys.executable, "-c", program], reporter)
    return str(caught.value)


def test_the_reason_is_shown_and_not_what_follows_it(reporter):
    found = message(reporter, r"print('-- fine\n\nCMake Error at x:1:\n  no such file\n\n' + 'more\n' * 20); exit(1)")
    assert "CMake Error at x:1:\n    no such file" in found
    assert "fine" not in found
    assert "fine" in reporter.log_path.read_text()


def test_without_a_reason_the_last_words_are_shown(reporter):
    assert message(reporter, r"print('one\n' * 20 + 'last\n\n'); exit(1)").endswith("one\n  last")


def test_a_program_that_says_nothing_still_fails(reporter):
    assert "failed" in message(reporter, "exit(3)")
