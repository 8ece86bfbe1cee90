"""What makes networks those of one holder. Pure."""


def identity_of(registry: str, handle: str, name: str, start: str, end: str) -> str:
    """The same registry and handle of an organisation; without a handle the same name; with neither the one network."""
    if handle:
        return f"handle:{registry}:{handle}"
    return named(name) if name else f"network:{start}-{end}"


def named(name: str) -> str:
    return f"name:{name}"
