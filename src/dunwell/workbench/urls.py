from __future__ import annotations

from datetime import date

from django.urls import path, re_path, register_converter

from dunwell.workbench.views import deliveries, desk, operations, people, tables, team

app_name = "workbench"


class Day:
    """An ISO date in a path."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date | str) -> str:
        return str(value)


class Code:
    """A portfolio's code in a path; what no code can hold, NUL above all, is not there."""

    regex = r"[\w.-]{1,64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Day, "day")
register_converter(Code, "code")

urlpatterns = [
    path("", desk.home, name="home"),
    path("worklist/", desk.worklist, name="worklist"),
    path("next/", desk.take_the_next, name="next"),
    path("case/<int:case_id>/", desk.case, name="case"),
    path("case/<int:case_id>/take/", desk.take, name="take"),
    path("case/<int:case_id>/call/", desk.call, name="call"),
    path("case/<int:case_id>/note/", desk.note, name="note"),
    path("case/<int:case_id>/hold/", desk.hold, name="hold"),
    path("case/<int:case_id>/hold/<slug:kind>/lift/", desk.lift, name="lift"),
    path("case/<int:case_id>/promise/<int:promise_id>/withdraw/", desk.withdraw, name="withdraw"),
    path("case/<int:case_id>/contact/<int:point_id>/", desk.reveal, name="reveal"),
    path("case/<int:case_id>/timeline/", desk.timeline, name="timeline"),
    path("team/", team.team, name="team"),
    path("team/reassign/", team.move, name="reassign"),
    path("team/<str:username>/away/", team.set_away, {"available": False}, name="away"),
    path("team/<str:username>/back/", team.set_away, {"available": True}, name="back"),
    path("deliveries/", deliveries.deliveries, name="deliveries"),
    path("deliveries/load/", deliveries.load, name="load"),
    path("deliveries/<int:delivery_id>/", deliveries.delivery, name="delivery"),
    path("deliveries/<int:delivery_id>/approve/", deliveries.approve, name="approve"),
    path("deliveries/mappings/", deliveries.mappings, name="mappings"),
    path("deliveries/mappings/keep/", deliveries.upload_mapping, name="keep-mapping"),
    path("quarantine/<int:row_id>/", deliveries.row, name="row"),
    path("quarantine/<int:row_id>/reveal/", deliveries.reveal_whole, name="reveal-row"),
    path("quarantine/<int:row_id>/release/", deliveries.release, name="release"),
    path("quarantine/<int:row_id>/dismiss/", deliveries.dismiss, name="dismiss"),
    path("days/", operations.days, name="days"),
    path("days/run/", operations.run, name="run-day"),
    path("days/<code:code>/<day:day>/", operations.day, name="day"),
    path("days/<code:code>/<day:day>/progress/", operations.progress, name="day-progress"),
    path("tables/", tables.tables, name="tables"),
    path("tables/upload/", tables.upload, name="upload-table"),
    path("tables/<slug:code>/<int:version>/", tables.table, name="table"),
    path("tables/<slug:code>/<int:version>/approve/", tables.approve, name="approve-table"),
    path("tables/<slug:code>/<int:version>/retire/", tables.retire, name="retire-table"),
    re_path(
        r"^tables/(?P<code>[-\w]+)/(?P<version>\d+)/file\.(?P<kind>csv|xlsx)$",
        tables.download,
        name="download-table",
    ),
    path("staff/", people.staff, name="staff"),
    path("staff/add/", people.add, name="add-agent"),
    path("staff/<str:username>/edit/", people.agent, name="agent"),
    path("staff/<str:username>/change/", people.save, name="change-agent"),
    path("staff/<str:username>/unlock/", people.change, {"what": "unlock"}, name="unlock-agent"),
    path("staff/<str:username>/leave/", people.change, {"what": "leave"}, name="leave-agent"),
]
