"""Content-Encodings of batches, undone with a hard limit on what comes out."""

import zlib

import zstandard

from apps.observations.intake.wire import IngestError

MAX_ZSTD_WINDOW = 8 << 20  # what RFC 8878 asks every decoder to support, and what bounds ours
# zstd says 128 KiB in four bytes, so one bite unpacks to 32 MiB at most before its size is looked at.
_ZSTD_BITE = 1024
# What follows the end of a member is copied, so a bite bounds what each member after the first costs.
_GZIP_BITE = 64 * 1024
# Beginning one takes some microseconds and a state of up to 200 KB, and 32 MiB have room for millions of empty ones.
MAX_MEMBERS = 10_000


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo the Content-Encoding; IngestError 415 for an unknown one, 400 for a broken stream, 413 beyond `limit` bytes."""
    if encoding in {"", "identity"}:
        return _limited(body, limit)
    if encoding == "gzip":
        return _gunzip(body, limit)
    if encoding == "zstd":
        return _unzstd(body, limit)
    raise IngestError(415, "unknown_encoding", "Content-Encoding must be identity, gzip or zstd.")


def _limited(plain: bytes, limit: int) -> bytes:
    if len(plain) > limit:
        raise _too_large(limit)
    return plain


def _too_large(limit: int) -> IngestError:
    return IngestError(413, "too_large", f"The batch is larger than {limit} bytes when decompressed.")


def _gunzip(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = position = members = 0
    view = memoryview(body)
    member = None
    while position < len(body) or not members:  # a gzip stream may have several members
        if member is None:
            members, member = _one_more(members), zlib.decompressobj(wbits=31)
        bite = view[position : position + _GZIP_BITE] if members > 1 else view  # most have one: no parts to join
        try:
            parts.append(member.decompress(bite, limit + 1 - size))
        except zlib.error as error:
            raise IngestError(400, "bad_encoding", f"The body is not gzip: {error}.") from error
        size += len(parts[-1])
        if size > limit:
            raise _too_large(limit)
        position += len(bite) - len(member.unused_data)
        member = None if member.eof else member
    if member is not None:
        raise IngestError(400, "bad_encoding", "The gzip stream ends too early.")
    return b"".join(parts)


def _one_more(members: int) -> int:
    if members == MAX_MEMBERS:
        raise IngestError(400, "bad_encoding", f"The body has more than {MAX_MEMBERS} gzip members or zstd frames.")
    return members + 1


def _unzstd(body: bytes, limit: int) -> bytes:
    try:
        plain = _unzstd_declared(body, limit)
        return _unzstd_frames(body, limit) if plain is None else plain
    except zstandard.ZstdError as error:
        raise IngestError(400, "bad_encoding", f"The body is not zstd: {error}.") from error


def _unzstd_declared(body: bytes, limit: int) -> bytes | None:
    """The usual case: one frame that says how large it is. None for every other."""
    frame = zstandard.get_frame_parameters(body)
    if frame.content_size in {0, zstandard.CONTENTSIZE_UNKNOWN}:  # 0: empty, or to be skipped; more frames may follow
        return None
    if frame.content_size > limit:
        raise _too_large(limit)
    # A frame may declare less than it holds; the library then stops with an error.
    try:
        return zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).decompress(body, allow_extra_data=False)
    except zstandard.ZstdError:
        return None


def _unzstd_frames(body: bytes, limit: int) -> bytes:
    parts: list[bytes] = []
    size = position = frames = 0
    view = memoryview(body)
    frame = None
    while position < len(body):
        if frame is None:
            frames, frame = _one_more(frames), zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).decompressobj()
        bite = view[position : position + _ZSTD_BITE]
        parts.append(frame.decompress(bite))
        size += len(parts[-1])
        if size > limit:
            raise _too_large(limit)
        position += len(bite) - len(frame.unused_data)
        frame = None if frame.eof else frame
    if frame is not None:
        raise IngestError(400, "bad_encoding", "The zstd stream ends too early.")
    return b"".join(parts)
