"""Pseudonyms by rank: letters per class of kind, none for holders of few sources."""

from django.utils import translation

from apps.enrichment.holders import pseudonyms
from apps.enrichment.models import HolderKind


def test_letters_go_on_past_z():
    assert [pseudonyms.letters(n) for n in (0, 25, 26, 27, 51, 52, 701, 702)] == ["A", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]


def test_ranks_count_within_a_class_and_few_sources_have_none():
    ranked = [
        (17, HolderKind.ISP_DYNAMIC, 90),
        (4, HolderKind.HOSTING, 80),
        (9, HolderKind.SHARED, 70),
        (2, HolderKind.UNKNOWN, 3),
        (5, HolderKind.HOSTING, 2),
        (6, HolderKind.ACADEMIC, 1),
    ]
    with translation.override("en"):
        assert pseudonyms.by_rank(ranked) == {17: "ISP A", 4: "Hosting A", 9: "ISP B", 2: "Administrator A"}
        assert pseudonyms.inside(17) == "Holder 17"
    with translation.override("ja"):
        assert pseudonyms.inside(17) == "管理者 17"
        assert pseudonyms.by_rank(ranked)[4] == "ホスティング A"
