"""The form of a feature set. What is written is checked by the service; here only lists are read, one feature a line."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.enrichment.models import FeatureSet
from apps.portal.noteforms import LinesField, styled


def _lines(label: Any, help_text: Any) -> LinesField:
    return LinesField(label=label, help_text=help_text, required=False, widget=forms.Textarea(attrs={"rows": 4}))


class FeatureSetForm(forms.ModelForm):
    wants_all = _lines(
        _("all of these features, one a line"), _("Such as port:tcp/22, product:tcp/25565:Minecraft or derived:few-services.")
    )
    wants_any = _lines(_("at least one of these"), "")
    wants_none = _lines(_("none of these"), "")

    class Meta:
        model = FeatureSet
        fields = ("name", "note", "wants_all", "wants_any", "wants_none")
        widgets = {"note": forms.Textarea(attrs={"rows": 5})}


def form_of(row: FeatureSet, data: Any = None, initial: dict[str, Any] | None = None) -> FeatureSetForm:
    return styled(FeatureSetForm(data, instance=row, initial=initial))
