"""Add the notes and advice on ports that come with the portal; what people have edited stays as it is."""

from django.core.management.base import BaseCommand
from django.db import transaction

from apps.reference import shipped_notes
from apps.reference.note_models import AdviceBlock, PortNote


class Command(BaseCommand):
    help = "Add missing shipped notes and advice on ports, and renew those that nobody has edited."

    def handle(self, *args: object, **options: object) -> None:
        with transaction.atomic():
            added, renewed = shipped_notes.load(PortNote, AdviceBlock)
        self.stdout.write(f"{added} added, {renewed} renewed; edited ones stay.")
