"""From the draft over the preview to the mail as it was sent."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.accounts.models import Role
from apps.common.errors import DomainError
from apps.coordination import reading
from apps.coordination.forms import TermsForm
from apps.coordination.models import Draft, Investigation, InvestigationState
from apps.coordination.services import mail
from apps.coordination.views import tickets
from apps.coordination.views.access import SignedRequest, action, reader, ticket_or_404, written
from apps.coordination.views.tickets import Written


@action
def write_draft(request: SignedRequest, ticket: Investigation) -> None:
    form = TermsForm(request.POST)
    if not form.is_valid():
        raise DomainError(" ".join(str(error) for errors in form.errors.values() for error in errors))
    terms = form.cleaned_data
    mail.write_draft(investigation=ticket, by=request.user, language=terms["language"], tlp=terms["tlp"], replaces=terms["version"])


@action
def edit_draft(request: SignedRequest, ticket: Investigation) -> HttpResponse | None:
    """Keep what was written; with `then=preview` also make the message to look at. What is refused is shown again, not lost."""
    written = Written.of(request)
    try:
        mail.edit_draft(investigation=ticket, by=request.user, subject=written.subject, body=written.body, version=written.version)
    except DomainError as error:
        if not written.body.strip():
            raise
        return tickets.page_with(request, ticket, written, error)
    if request.POST.get("then") != "preview":
        return None
    mail.prepare(investigation=ticket, by=request.user)
    return redirect("coordination:preview", number=ticket.number)


@reader
def preview(request: SignedRequest, number: str) -> HttpResponse:
    """The message as it would go, what speaks against it, and the button that sends it."""
    ticket = ticket_or_404(request, number)
    draft = Draft.objects.select_related("approved_by").filter(investigation=ticket).first()
    if draft is None or not draft.prepared:
        return redirect(ticket)
    context = {
        "ticket": ticket,
        "message": reading.read(bytes(draft.prepared)),
        "sha256": draft.prepared_sha256,
        "objections": mail.objections(ticket),
        "may_write": request.user.may_coordinate and ticket.state == InvestigationState.DRAFT,
        "draft": draft,
        "needs_second_person": mail.needs_second_person(ticket),
        "is_approved": draft.approved_by is not None and draft.approved_by != request.user,
        "may_approve": request.user.has_role(Role.APPROVER) and draft.approved_by is None,
    }
    return render(request, "coordination/preview.html", context)


@action
def approve(request: SignedRequest, ticket: Investigation) -> HttpResponse:
    mail.approve(investigation=ticket, by=request.user, sha256=request.POST.get("sha256", ""))
    return redirect("coordination:preview", number=ticket.number)


@action
def send(request: SignedRequest, ticket: Investigation) -> None:
    overrides = {name.removeprefix("override-"): written(request, name, 2000) for name in request.POST if name.startswith("override-")}
    mail.confirm_and_send(investigation=ticket, by=request.user, sha256=request.POST.get("sha256", ""), overrides=overrides)


@reader
def mail_detail(request: SignedRequest, number: str, mail_id: int) -> HttpResponse:
    ticket = ticket_or_404(request, number)
    sent = get_object_or_404(ticket.outgoing_mail.select_related("evidence__investigation", "confirmed_by", "approved_by"), pk=mail_id)
    context = {"ticket": ticket, "mail": sent, "message": reading.read(bytes(sent.message)), "may_write": request.user.may_coordinate}
    return render(request, "coordination/mail_detail.html", context)


@reader
def mail_file(request: SignedRequest, number: str, mail_id: int) -> HttpResponse:
    sent = get_object_or_404(ticket_or_404(request, number).outgoing_mail, pk=mail_id)
    return _download(bytes(sent.message), "message/rfc822", f"{number}-{sent.pk}.eml")


@reader
def evidence_file(request: SignedRequest, number: str, evidence_id: int) -> HttpResponse:
    frozen = get_object_or_404(ticket_or_404(request, number).evidence.select_related("investigation"), pk=evidence_id)
    return _download(bytes(frozen.csv), "text/csv; charset=utf-8", frozen.file_name)


@action
def settle(request: SignedRequest, ticket: Investigation, mail_id: int) -> None:
    uncertain = get_object_or_404(ticket.outgoing_mail, pk=mail_id)
    if request.POST.get("went") not in ("yes", "no"):
        raise DomainError("went: yes / no")
    mail.settle_uncertain(mail=uncertain, by=request.user, went=request.POST["went"] == "yes", why=written(request, "why", 4000))


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
