from datetime import date

import factory
from factory.django import DjangoModelFactory

from apps.reference.models import ScannerList, ScannerRange


class ScannerListFactory(DjangoModelFactory):
    name = factory.Sequence(lambda n: f"Survey scanners {n}")
    list_date = date(2024, 6, 15)

    class Meta:
        model = ScannerList


class ScannerRangeFactory(DjangoModelFactory):
    list = factory.SubFactory(ScannerListFactory)
    start_key = factory.Sequence(lambda n: n * 256)
    end_key = factory.LazyAttribute(lambda row: row.start_key + 255)

    class Meta:
        model = ScannerRange
