"""The shape of answers. Times are written in the zone the question was asked in (`context["zone"]`)."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field):
    def to_representation(self, value: datetime) -> str:
        return value.astimezone(self.context["zone"]).isoformat()


@extend_schema_field(OpenApiTypes.DOUBLE)
class NumberField(serializers.Field):
    """Whole values without a decimal point."""

    def to_representation(self, value: float) -> float:
        return int(value) if float(value).is_integer() else value


@extend_schema_field({"type": "array", "items": {"type": "number", "nullable": True}})
class ValuesField(serializers.Field):
    """Numbers as they are; a field for each of some ten thousand would cost more than finding them."""

    def to_representation(self, value: tuple[float | None, ...]) -> list[float | None]:
        return list(value)


class PeriodOut(serializers.Serializer):
    to = MomentField(source="end")
    zone = serializers.CharField(source="zone.key")

    def get_fields(self) -> dict[str, Any]:
        return {"from": MomentField(source="start"), **super().get_fields()}


class FreshnessOut(serializers.Serializer):
    newest = MomentField(allow_null=True, help_text="End of the newest day with rolled-up data.")
    rolled_at = MomentField(allow_null=True)
    stale_days = serializers.IntegerField(help_text="Days that wait to be rolled up.")


class DatedListOut(serializers.Serializer):
    name = serializers.CharField()
    date = serializers.DateField()


class ExcludedPortOut(serializers.Serializer):
    port = serializers.CharField()
    first_day = serializers.DateField()
    last_day = serializers.DateField(allow_null=True, help_text="null: until lifted.")


class MetaOut(serializers.Serializer):
    unit = serializers.CharField()
    denominator = serializers.IntegerField(allow_null=True, help_text="Covered sensor-days, for the units per sensor and day.")
    sensor_set = serializers.CharField()
    sensor_count = serializers.IntegerField()
    zone = serializers.CharField()
    period = PeriodOut()
    days = serializers.IntegerField()
    freshness = FreshnessOut()
    region_as_of = serializers.DateField(allow_null=True)
    region_is_older_than_snapshot = serializers.BooleanField(help_text="Some days lie before the oldest RIR snapshot, which serves them.")
    missing_days = serializers.ListField(child=serializers.DateField(), help_text="Nobody watched.")
    partial_days = serializers.ListField(child=serializers.DateField(), help_text="Not every sensor watched every hour.")
    filters = serializers.DictField(child=serializers.CharField())
    scanner_lists = DatedListOut(
        many=True,
        help_text="The lists that decided `scanners=exclude` or `only`; none: nobody was told apart.",
    )
    exclusions = ExcludedPortOut(many=True, help_text="Ports of some sensors that are kept out of the figure on some of its days.")


class RankRowOut(serializers.Serializer):
    rank = serializers.IntegerField()
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a name of the answer, not of the field
    value = NumberField()
    share = serializers.FloatField(allow_null=True, help_text="Of the filtered total; null where values do not add up.")
    previous_rank = serializers.IntegerField(allow_null=True)
    previous_value = NumberField(allow_null=True)
    sensors = serializers.IntegerField(help_text="Contributing sensors.")
    largest_sensor_share = serializers.FloatField(
        allow_null=True, help_text="Share of the packets that one sensor saw; null for sums of the network."
    )


class RankingOut(serializers.Serializer):
    dimension = serializers.CharField()
    total = NumberField()
    previous_period = PeriodOut(allow_null=True)
    meta = MetaOut()
    rows = RankRowOut(many=True)


class SeriesOut(serializers.Serializer):
    key = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    total = NumberField(help_text="The unit's value over the whole period.")
    values = ValuesField(help_text="One a bin; null: not covered.")


class SeriesSetOut(serializers.Serializer):
    split = serializers.CharField()
    bin = serializers.CharField()
    starts = serializers.ListField(child=MomentField())
    meta = MetaOut()
    series = SeriesOut(many=True)


class SourceRowOut(serializers.Serializer):
    address = serializers.CharField(help_text="An IPv6 source is its /64 prefix.")
    packets = serializers.IntegerField()
    first_seen = MomentField(help_text="To the minute.")
    last_seen = MomentField(help_text="To the minute.")
    sensors = serializers.IntegerField()
    ports = serializers.ListField(child=serializers.CharField(), help_text="The busiest ten.")
    port_count = serializers.IntegerField()
    region = serializers.CharField()
    asn = serializers.CharField(help_text="On the period's last day, by the tables of routes; several joined by _, empty where unknown.")


class SourcePageOut(serializers.Serializer):
    total_sources = serializers.IntegerField()
    next_cursor = serializers.CharField(allow_null=True)
    meta = MetaOut()
    rows = SourceRowOut(many=True)


class ErrorOut(serializers.Serializer):
    code = serializers.CharField()
    message = serializers.CharField()
    fields_ = serializers.DictField(child=serializers.CharField(), help_text="What is wrong, by name of the parameter.")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        return {name.rstrip("_"): field for name, field in fields.items()}
