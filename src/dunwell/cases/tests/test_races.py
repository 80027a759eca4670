"""Two at once, each with a connection of its own."""

from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

from dunwell.cases.leases import take_next
from dunwell.cases.models import Lease
from dunwell.staff.models import Agent
from dunwell.testing import make


def both(work, arguments):
    def alone(argument):
        try:
            return work(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(alone, arguments))


def test_collectors_who_press_next_at_once_get_different_cases(committed_db):
    people = [make.agent() for _ in range(8)]
    of = make.portfolio()
    # More than people: whoever finds a row locked for an instant must find another.
    for _ in range(40):
        make.case(of)

    def press(pk):
        return take_next(Agent.objects.get(pk=pk), now=make.NOW, zone="Asia/Shanghai")

    taken = both(press, [one.pk for one in people])
    assert len(set(taken)) == 8
    assert None not in taken
    assert Lease.objects.count() == 8


def test_one_who_presses_twice_at_once_holds_one_case(committed_db):
    one = make.agent()
    of = make.portfolio()
    for _ in range(4):
        make.case(of)

    def press(pk):
        return take_next(Agent.objects.get(pk=pk), now=make.NOW, zone="Asia/Shanghai")

    taken = both(press, [one.pk] * 4)
    assert None not in taken
    assert Lease.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case WHERE state = 'open'")
        assert cursor.fetchone() == (4,)
