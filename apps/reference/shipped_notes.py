"""The notes and advice that come with the portal (data/port-notes.toml). What people have edited is never touched."""

import tomllib
from pathlib import Path
from typing import Any

NOTES = Path(__file__).parent / "data" / "port-notes.toml"


def load(notes: Any, advice: Any, source: Path = NOTES) -> tuple[int, int]:
    """Add what is missing, and renew what nobody has edited, in the two models; → how many were added, how many renewed.
    The models are given, since a migration brings its own."""
    with source.open("rb") as file:
        data = tomllib.load(file)
    added = renewed = 0
    for row in data["note"]:
        values = {name: row.get(name) for name in ("valid_to", "text_en", "text_ja")} | {"links": row.get("links", [])}
        for subject in row.get("subjects") or [row["subject"]]:
            new, changed = _put(notes, {"subject": subject, "valid_from": row.get("valid_from")}, values)
            added, renewed = added + new, renewed + changed
    for row in data["advice"]:
        values = {name: value for name, value in row.items() if name != "key"}
        new, changed = _put(advice, {"key": row["key"]}, values)
        added, renewed = added + new, renewed + changed
    return added, renewed


def _put(model: Any, key: dict[str, Any], values: dict[str, Any]) -> tuple[bool, bool]:
    """Whether a row was added, and whether one as shipped was changed."""
    row = model.objects.filter(
        **{f"{name}__isnull" if value is None else name: value is None or value for name, value in key.items()}
    ).first()
    if row is None:
        model.objects.create(**key, **_stripped(values))
        return True, False
    old = {name: getattr(row, name) for name in values}
    if row.edited_at is not None or old == _stripped(values):
        return False, False
    model.objects.filter(pk=row.pk).update(**_stripped(values))
    return False, True


def _stripped(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
