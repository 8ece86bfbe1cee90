"""Translations, compiled without gettext's programs; .mo files are not kept in Git."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_stale() -> list[Path]:
    """Compile every .po file that is newer than its .mo; returns the .mo files written."""
    return [_compile(source) for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")) if _is_stale(source)]


def _is_stale(source: Path) -> bool:
    compiled = source.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime


def _compile(source: Path) -> Path:
    compiled = source.with_suffix(".mo")
    draft = compiled.with_suffix(".mo.new")  # a process that reads meanwhile finds the old file or the new one
    with source.open("rb") as text, draft.open("wb") as binary:
        write_mo(binary, read_po(text, locale=source.parent.parent.name))
    return draft.replace(compiled)
