from django.urls import path, re_path

from apps.coordination.views import lists, mail, tickets

app_name = "coordination"
_TICKET = r"^(?P<number>\d{4}-\d{6})/"

urlpatterns = [
    path("", lists.ticket_list, name="ticket-list"),
    path("open/", lists.open_ticket, name="open-ticket"),
    re_path(_TICKET + r"$", tickets.ticket_detail, name="ticket-detail"),
    re_path(_TICKET + r"contact/$", tickets.ticket_contact, name="ticket-contact"),
    re_path(_TICKET + r"look-up/$", tickets.look_up, name="look-up"),
    re_path(_TICKET + r"contact/choose/$", tickets.choose_contact, name="choose-contact"),
    re_path(_TICKET + r"contact/enter/$", tickets.enter_contact, name="enter-contact"),
    re_path(_TICKET + r"take-back/$", tickets.take_back, name="take-back"),
    re_path(_TICKET + r"note/$", tickets.add_note, name="add-note"),
    re_path(_TICKET + r"state/$", tickets.change_state, name="change-state"),
    re_path(_TICKET + r"plan/$", tickets.plan, name="plan"),
    re_path(_TICKET + r"incident/close/$", tickets.close_incident, name="close-incident"),
    re_path(_TICKET + r"hosts/(?P<host>\d{1,18})/state/$", tickets.change_host_state, name="change-host-state"),
    re_path(_TICKET + r"draft/write/$", mail.write_draft, name="write-draft"),
    re_path(_TICKET + r"draft/$", mail.edit_draft, name="edit-draft"),
    re_path(_TICKET + r"preview/$", mail.preview, name="preview"),
    re_path(_TICKET + r"approve/$", mail.approve, name="approve"),
    re_path(_TICKET + r"send/$", mail.send, name="send"),
    re_path(_TICKET + r"mail/(?P<mail_id>\d{1,18})/$", mail.mail_detail, name="mail-detail"),
    re_path(_TICKET + r"mail/(?P<mail_id>\d{1,18})/message\.eml$", mail.mail_file, name="mail-file"),
    re_path(_TICKET + r"mail/(?P<mail_id>\d{1,18})/settle/$", mail.settle, name="settle"),
    re_path(_TICKET + r"evidence/(?P<evidence_id>\d{1,18})\.csv$", mail.evidence_file, name="evidence-file"),
]
