"""What people enter about tickets. The services check what it means; the forms check that it can be read."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.coordination.models import Language, Resolution, Tlp


class OpenForm(forms.Form):
    language = forms.ChoiceField(
        label=_("language of the mail"), required=False, choices=[("", _("by the region of the source")), *Language.choices]
    )
    note = forms.CharField(label=_("note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))


class PlanForm(forms.Form):
    assignee = forms.ModelChoiceField(label=_("in charge"), queryset=User.objects.none(), required=False, empty_label="–")
    wake_on = forms.DateField(label=_("wake-up date"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(pk__in=[person.pk for person in people]).order_by("username")

    def clean_wake_on(self) -> date | None:
        wake_on: date | None = self.cleaned_data["wake_on"]
        if wake_on and not 2000 <= wake_on.year <= 2100:
            raise forms.ValidationError(_("This is not a date for a wake-up."))
        return wake_on


class TermsForm(forms.Form):
    """The language and the marking in which a draft is written."""

    language = forms.ChoiceField(label=_("language of the mail"), choices=Language.choices)
    tlp = forms.ChoiceField(label="TLP", choices=Tlp.choices)
    version = forms.IntegerField(required=False, min_value=1)  # of the draft that is given up


class CloseIncidentForm(forms.Form):
    resolution = forms.ChoiceField(label=_("result"), choices=Resolution.choices)
    why = forms.CharField(label=_("reason"), max_length=4000)
