"""Workers in the test's own process: what was handed to the broker is carried out here, one after another."""

from apps.enrichment import tasks

Handed = list[tuple[str, int]]  # kind and id


def work(queued: Handed, kind: str = "registry") -> None:
    """Hand out and carry out until nothing more may be asked."""
    tasks.dispatch(kind)
    while queued:
        tasks.look_up(*queued.pop(0))
