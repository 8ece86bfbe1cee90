"""What the hosts of one administrator, or those behind a view, have in common: features by share and lift, bundles of them in a
sentence each, and the saved feature sets that match. For own staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.enrichment.hosts.features import label
from apps.enrichment.likeness.commonfeatures import Bundle, CommonFeature
from apps.enrichment.likeness.scans import VALID_DAYS
from apps.enrichment.models import FeatureSet
from apps.observations.figures import Freshness
from apps.portal import captions, words
from apps.portal.filters import FilterBar, filter_bar
from apps.portal.hostfigures import CommonFeatures, common_features, holder_id_from
from apps.portal.links import with_query
from apps.portal.pages.crowds import n_of_m
from apps.portal.state import View

SHOWN = 30
OWN = frozenset({"holder"})


@dataclass(frozen=True)
class FeatureLine:
    label: str
    text: str  # "n of m"
    share: str
    bar: str
    others: str
    lift: str


@dataclass(frozen=True)
class BundleLine:
    """`save_url` opens the form of a feature set with these features."""

    sentence: str
    labels: tuple[str, ...]
    save_url: str


@dataclass(frozen=True)
class SavedLine:
    name: str
    url: str
    text: str
    share: str


@dataclass(frozen=True)
class CommonFeaturesPage:
    title: str
    filters: FilterBar
    freshness: Freshness
    holder: str
    coverage: str
    bundles: tuple[BundleLine, ...]
    lines: tuple[FeatureLine, ...]
    more_url: str
    saved: tuple[SavedLine, ...]
    has_others: bool
    has_sample: bool
    is_empty: bool
    caption: tuple[str, ...]
    csv_url: str


def common_features_page(view: View) -> CommonFeaturesPage:
    found = common_features(view.selection, holder_id_from(view.query))
    name = found.holder_name
    title = _("Common features of the hosts of %(holder)s") % {"holder": name} if name else _("Common features of the hosts")
    shown = found.common.features[: max(view.limit, SHOWN)]
    return CommonFeaturesPage(
        title=captions.full_title(title, view),
        filters=filter_bar(view, with_units=False, can_compare=False),
        freshness=view.freshness,
        holder=name,
        coverage=coverage(found),
        bundles=tuple(_bundle(one, name) for one in found.common.bundles),
        lines=tuple(_line(one) for one in shown),
        more_url=view.url_here(limit="200") if len(found.common.features) > len(shown) else "",
        saved=_saved(found),
        has_others=bool(found.common.others_of),
        has_sample=found.common.has_sample,
        is_empty=not found.asked,
        caption=captions.caption(found.meta),
        csv_url=view.url(reverse("portal:csv-common-features"), **view.filters(), holder=view.query.get("holder", "")),
    )


def coverage(found: CommonFeatures) -> str:
    text = _("Looked up: %(n)s of %(m)s sources; %(k)s have a scan within %(days)d days of a packet.")
    return text % {
        "n": words.number(found.asked),
        "m": words.number(found.sources),
        "k": words.number(found.common.of),
        "days": VALID_DAYS,
    }


def bundle_sentence(bundle: Bundle, holder: str) -> str:
    """n of m, never a share alone."""
    text = _("%(n)s of %(m)s looked-up sources of %(holder)s (%(share)s), and %(others)s of the %(others_of)s others, share:")
    return text % {
        "n": words.number(bundle.sources),
        "m": words.number(bundle.of),
        "share": words.percent(bundle.share),
        "holder": holder,
        "others": words.number(bundle.others),
        "others_of": words.number(bundle.others_of),
    }


def _bundle(bundle: Bundle, holder: str) -> BundleLine:
    wanted = with_query(reverse("portal:add-feature-set"), {"wants_all": "\n".join(bundle.telling)})
    return BundleLine(bundle_sentence(bundle, holder), tuple(map(label, bundle.telling)), wanted)


def _line(one: CommonFeature) -> FeatureLine:
    return FeatureLine(
        label=label(one.feature),
        text=n_of_m(one.sources, one.of),
        share=words.percent(one.share),
        bar=f"{100 * one.share:.1f}",
        others=words.percent(one.others_share) if one.others_share is not None else "–",
        lift=_lift(one),
    )


def _lift(one: CommonFeature) -> str:
    """How many times as often as among the others."""
    if one.lift is None:
        return _("only here") if one.others_of else "–"
    return _("%(times)s times") % {"times": words.number(one.lift)}


def _saved(found: CommonFeatures) -> tuple[SavedLine, ...]:
    names = dict(FeatureSet.objects.filter(pk__in=[one.feature_set for one in found.saved]).values_list("pk", "name"))
    known = sorted((one for one in found.saved if one.feature_set in names), key=lambda one: (-one.sources, names[one.feature_set]))
    return tuple(
        SavedLine(
            names[one.feature_set],
            reverse("portal:feature-set", args=[one.feature_set]),
            n_of_m(one.sources, found.common.of),
            words.percent(one.sources / found.common.of),
        )
        for one in known
    )


def common_feature_rows(view: View) -> Iterator[list[Any]]:
    """For the CSV: feature, n, m, share, n and m of the others, lift."""
    for one in common_features(view.selection, holder_id_from(view.query)).common.features:
        yield [one.feature, one.sources, one.of, one.share, one.others, one.others_of, one.lift]
