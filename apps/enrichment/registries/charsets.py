"""Text of registries that state a wrong charset, or none: WHOIS has no place to state one. Reading never fails."""

import codecs
from collections.abc import Iterable

# What the national registries have used; the first that fits is taken.
HINTS = {"jpnic": ("euc_jp", "cp932"), "krnic": ("cp949",), "lacnic": ("latin-1",)}
_ISO_2022_JP = (b"\x1b$B", b"\x1b$@", b"\x1b(J", b"\x1b$(D")


def decode(body: bytes, *, registry: str = "", declared: str = "") -> str:
    """ISO-2022-JP where its escapes stand, UTF-8 where every byte fits it (other text hardly ever does), then what is declared
    and what the registry is known for; Latin-1 else, which fits anything."""
    if any(escape in body for escape in _ISO_2022_JP):
        return body.decode("iso2022_jp_ext", "replace")
    for charset in ("utf-8", *_known([declared]), *HINTS.get(registry, ())):
        try:
            return body.decode(charset).removeprefix("\ufeff")
        except UnicodeError:
            continue
    return body.decode("latin-1")


def _known(names: Iterable[str]) -> list[str]:
    """Those that are charsets of text; `charset=zip` names a codec as well."""
    found = []
    for name in names:
        try:
            info = codecs.lookup(name)
        except (LookupError, ValueError):
            continue
        if info._is_text_encoding and info.name not in ("utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape"):
            found.append(info.name)
    return found
