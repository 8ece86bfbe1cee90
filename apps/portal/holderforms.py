"""Forms of what people decide about holders and networks. What is written is checked by enrichment's services."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.enrichment.models import ContactRole, CorrectedField, HolderKind

MOST_NUMBERS = 50


class _Form(forms.Form):
    """With the look of the portal's other forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_choice = isinstance(field.widget, forms.Select)
            field.widget.attrs |= {"class": "form-select" if is_choice else "form-control", "id": f"field-{name}"}


def _reason(longest: int = 500) -> forms.CharField:
    return forms.CharField(label=_("reason"), max_length=longest, help_text=_("where this is known from; kept in the audit log"))


class DescribeForm(_Form):
    name = forms.CharField(
        label=_("name"), max_length=300, required=False, help_text=_("A name written here stays; without one the registry's is used.")
    )
    note = forms.CharField(label=_("note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 5}))


class KindForm(_Form):
    kind = forms.ChoiceField(label=_("kind"), choices=[("", _("as suggested")), *HolderKind.choices], required=False)
    reason = forms.CharField(label=_("reason"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("kind") and not found.get("reason"):
            self.add_error("reason", _("This field is required."))
        return found


class MergeForm(_Form):
    others = forms.CharField(
        label=_("numbers of the holders that are the same"), max_length=500, help_text=_("such as 17 or 17, 18: the number of “Holder 17”")
    )
    reason = _reason()

    def clean_others(self) -> list[int]:
        numbers = [part.strip() for part in self.cleaned_data["others"].replace("、", ",").split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in numbers) or not 0 < len(numbers) <= MOST_NUMBERS:
            raise forms.ValidationError(_("Write numbers separated by commas."))
        return list(dict.fromkeys(map(int, numbers)))


class CorrectionForm(_Form):
    field = forms.ChoiceField(label=_("field"), choices=CorrectedField.choices)
    value = forms.CharField(label=_("value"), max_length=300)
    reason = _reason()


class ContactForm(_Form):
    email = forms.CharField(label=_("mail address"), max_length=254, widget=forms.EmailInput())
    role = forms.TypedChoiceField(label=_("role"), choices=ContactRole.choices, initial=ContactRole.ABUSE, coerce=str)
    reason = _reason()
