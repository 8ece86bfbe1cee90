"""Notes and advice on ports for programs, and writing them."""

from typing import cast

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Role, User
from apps.common.ports import PortKey
from apps.observations import params
from apps.observations.api.operations import NO_SUCH, REFUSED, OperationsView
from apps.reference import note_editing
from apps.reference.models import AdviceBlock, PortNote
from apps.reference.portnotes import advice_for, notes_for

PARAMETERS = [
    OpenApiParameter("ports", str, description="Ports separated by commas: `tcp/23`. Groups that hold one of them count, too."),
    OpenApiParameter("groups", str, description="Short names of port groups separated by commas."),
    OpenApiParameter("day", str, description="The day on which notes hold, an ISO date; by default today. Without ports and groups: all."),
]
EDITED = ("subject", "valid_from", "valid_to", "text_en", "text_ja", "links")


class PortNoteOut(serializers.Serializer):
    id = serializers.IntegerField()
    subject = serializers.CharField(help_text="`tcp/23`, or `group:` and a short name.")
    valid_from = serializers.DateField(allow_null=True)
    valid_to = serializers.DateField(allow_null=True, help_text="Inclusive.")
    text_en = serializers.CharField()
    text_ja = serializers.CharField()
    links = serializers.ListField(child=serializers.CharField())
    edited_at = serializers.DateTimeField(allow_null=True, help_text="null: as it came with the portal.")


class AdviceOut(serializers.Serializer):
    key = serializers.CharField()
    audience = serializers.CharField(help_text="`administrators` or `users`.")
    subjects = serializers.ListField(child=serializers.CharField())
    title_en = serializers.CharField()
    title_ja = serializers.CharField()
    text_en = serializers.CharField()
    text_ja = serializers.CharField()


class PortNotesOut(serializers.Serializer):
    notes = PortNoteOut(many=True)
    advice = AdviceOut(many=True)


class PortNoteIn(serializers.Serializer):
    subject = serializers.CharField(max_length=50)
    valid_from = serializers.DateField(required=False, allow_null=True, default=None)
    valid_to = serializers.DateField(required=False, allow_null=True, default=None)
    text_en = serializers.CharField()
    text_ja = serializers.CharField()
    links = serializers.ListField(child=serializers.CharField(), required=False, default=list)


class PortNotesView(OperationsView):
    writers = (Role.ANALYST,)

    @extend_schema(
        operation_id="port_notes",
        summary="What is known of ports, and advice on them",
        parameters=PARAMETERS,
        responses={200: PortNotesOut, **REFUSED},
        tags=["operation"],
    )
    def get(self, request: Request) -> Response:
        query = params.read(request.query_params, {"ports", "groups", "day"})
        ports = params.values_from(query, "ports", PortKey.parse)
        groups = params.values_from(query, "groups", str)
        day = params.day_from(query, "day") or timezone.localdate()
        notes: list[PortNote] | QuerySet[PortNote] = notes_for(ports, groups, day) if ports or groups else PortNote.objects.all()
        advice: list[AdviceBlock] | QuerySet[AdviceBlock] = advice_for(ports, groups, day) if ports or groups else AdviceBlock.objects.all()
        return Response(PortNotesOut({"notes": notes, "advice": advice}).data)

    @extend_schema(
        operation_id="port_note_add",
        summary="Write a note on a port or group",
        description="For analysts.",
        request=PortNoteIn,
        responses={201: PortNoteOut, **REFUSED},
        tags=["operation"],
    )
    def post(self, request: Request) -> Response:
        return Response(_saved(PortNote(), request), status=201)


class PortNoteView(OperationsView):
    writers = (Role.ANALYST,)

    @extend_schema(
        operation_id="port_note_change",
        summary="Write a note anew",
        description="For analysts.",
        request=PortNoteIn,
        responses={200: PortNoteOut, **REFUSED, **NO_SUCH},
        tags=["operation"],
    )
    def put(self, request: Request, number: int) -> Response:
        return Response(_saved(get_object_or_404(PortNote, pk=number), request))

    @extend_schema(
        operation_id="port_note_remove",
        summary="Remove a note",
        description="For analysts; its text stays in the audit log.",
        responses={204: None, **NO_SUCH},
        tags=["operation"],
    )
    def delete(self, request: Request, number: int) -> Response:
        note_editing.remove(row=get_object_or_404(PortNote, pk=number), by=cast(User, request.user))
        return Response(status=204)


def _saved(note: PortNote, request: Request) -> dict[str, object]:
    written = PortNoteIn(data=request.data)
    written.is_valid(raise_exception=True)
    for name in EDITED:
        setattr(note, name, written.validated_data[name])
    return PortNoteOut(note_editing.save(row=note, by=cast(User, request.user))).data
