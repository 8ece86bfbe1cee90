"""Forms of notes and advice. What is written is checked by the models; here only lists are read, one entry a line."""

from typing import Any, TypeVar

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext_lazy as _

from apps.reference.models import AdviceBlock, PortNote

Form = TypeVar("Form", bound=forms.ModelForm)

_without_null = ProhibitNullCharactersValidator()


class LinesField(forms.CharField):
    """A list, one entry a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        text = str(super().to_python(value) or "")
        _without_null(text)  # Django looks for it in the value, which is a list by then
        return [line.strip() for line in text.splitlines() if line.strip()]


def _texts() -> dict[str, forms.Widget]:
    return {name: forms.Textarea(attrs={"rows": 6}) for name in ("text_en", "text_ja")}


class PortNoteForm(forms.ModelForm):
    links = LinesField(label=_("links, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    class Meta:
        model = PortNote
        fields = ("subject", "valid_from", "valid_to", "text_ja", "text_en", "links")
        widgets = _texts() | {name: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d") for name in ("valid_from", "valid_to")}


class AdviceForm(forms.ModelForm):
    subjects = LinesField(label=_("ports and groups, one a line"), widget=forms.Textarea(attrs={"rows": 5}))

    class Meta:
        model = AdviceBlock
        fields = ("key", "audience", "subjects", "title_ja", "title_en", "text_ja", "text_en")
        widgets = _texts()


FORMS: dict[str, type[forms.ModelForm]] = {"port": PortNoteForm, "advice": AdviceForm}


def form_of(kind: str, row: Any, data: Any = None, initial: dict[str, str] | None = None) -> forms.ModelForm:
    return styled(FORMS[kind](data, instance=row, initial=initial))


def styled(form: Form) -> Form:
    """With the look of the portal's other forms."""
    for name, field in form.fields.items():
        is_choice = isinstance(field.widget, forms.Select)
        field.widget.attrs |= {"class": "form-select" if is_choice else "form-control", "id": f"note-{name}"}
    return form
