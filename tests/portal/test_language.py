"""Both languages are whole, and no page, script or translation uses a word that the glossary forbids."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "locale" / "ja" / "LC_MESSAGES" / "django.po"
# Words under "never" in the glossary, and old spellings of words that it fixes.
FORBIDDEN = (
    "攻撃者", "犯人", "攻撃元", "攻撃数", "攻撃件数", "攻撃国", "発信国", "感染しています", "督促", "駆除済み", "復旧確認", "マルウエア",
    "attacker", "culprit", "attacked us",
)  # fmt: skip
OLD_SPELLINGS = re.compile(r"(センサ|サーバ|ユーザ)(?!ー)")
SPOKEN = sorted(
    [*(ROOT / "templates").rglob("*.html"), *(ROOT / "templates").rglob("*.txt"), *(ROOT / "static" / "js").rglob("*.js"), CATALOGUE]
)
# A heading of people or things beside a unit or column: 送信元 and 送信元数, 案件 and 案件一覧; a sensor's 最終応答, a source's 最後の観測.
TWO_SENSES = {"sources", "tickets", "last seen"}
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3), "npgettext_lazy": ((1, "c"), 2, 3),
}  # fmt: skip


def messages():
    with CATALOGUE.open("rb") as file:
        return [message for message in read_po(file, locale="ja") if message.id]


def forms(text):
    return tuple(text) if isinstance(text, tuple | list) else (text,)


def used():
    """(context, message id) of everything that code and templates ask for."""
    for path in sorted((ROOT / "apps").rglob("*.py")):
        yield from found("python", path.read_bytes())
    for path in sorted((ROOT / "templates").rglob("*.html")):
        # Babel's scanner of JavaScript passes over what templatize leaves around the calls.
        yield from found("javascript", templatize(path.read_text()).encode())


def found(language, source):
    for _line, ids, _comments, context in extract(language, io.BytesIO(source), keywords=KEYWORDS):
        yield context, forms(ids)[0]


def test_the_catalogue_holds_every_message_in_use():
    known = {(message.context, forms(message.id)[0]) for message in messages()}
    assert sorted(str(message) for message in set(used()) - known) == []


def test_every_message_is_translated_and_none_is_a_guess():
    assert [forms(message.id)[0] for message in messages() if message.fuzzy or not all(forms(message.string))] == []


def test_placeholders_survive_translation():
    def placeholders(text):
        return set(re.findall(r"%\(\w+\)[sdr]", text))

    wrong = [text for message in messages() for text in forms(message.string) if placeholders(text) != placeholders(forms(message.id)[0])]
    assert wrong == []


@pytest.mark.parametrize("path", SPOKEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_forbidden_word_is_used(path):
    text = path.read_text(encoding="utf-8")
    assert [word for word in FORBIDDEN if word in text] + OLD_SPELLINGS.findall(text) == []


def test_one_term_has_one_translation_however_it_begins():
    by_english: dict[str, set[str]] = {}
    for message in messages():
        if message.context is None:
            by_english.setdefault(forms(message.id)[0].casefold(), set()).add(forms(message.string)[0])
    assert {english for english, words in by_english.items() if len(words) > 1} == TWO_SENSES
