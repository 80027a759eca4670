"""Finding cases by the cardholder's name or reference or the ending of a phone."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower, Substr

from dunwell.cases.models import Case
from dunwell.parties.models import ContactPoint
from dunwell.staff.access import desk_scope, pool_scope
from dunwell.staff.models import Agent, Role

# As many cases as a search looks at each way: those of highest priority.
SEARCH_TO = 1_000


def searched(text: str, agent: Agent, cases: QuerySet[Case]) -> tuple[set[int], bool]:
    """Return which of the cases are meant, and whether there were more than are looked at.

    ``cases`` are those that the agent may see and asked for: what is not among them takes
    no place. Each way has an index of its own, of names or of the cases in the order of
    priority, whichever is the shorter. On a collector's own desk any part of a name will do.
    """
    cases = cases.alias(
        latin=Lower("party__name"), second=Substr("party__name", 2), third=Substr("party__name", 3)
    )
    searches = [cases.filter(way) for way in _ways(text)]
    if agent.role == Role.COLLECTOR:
        desk = cases.filter(desk_scope(agent), state=Case.State.OPEN)
        others = cases.filter(pool_scope(agent) | ~Q(state=Case.State.OPEN))
        searches = [desk.filter(_any_part(text)), *(others.filter(way) for way in _ways(text))]
    found: set[int] = set()
    cut = False
    for search in searches:
        if agent.role in (Role.COLLECTOR, Role.LEAD):
            # Over everybody's cases no index has this order, and to sort them takes too long.
            search = search.order_by("-priority", "oldest_unpaid_due_on", "id")
        ids = list(search.values_list("pk", flat=True)[: SEARCH_TO + 1])
        cut = cut or len(ids) > SEARCH_TO
        found.update(ids[:SEARCH_TO])
    return found, cut


def _ways(text: str) -> list[Q]:
    if _is_ending(text):
        ending = ContactPoint.objects.filter(ending=text[-4:])
        return [Q(party__customer_ref=text), Q(party__in=ending.values("party"))]
    ways = [Q(party__name__startswith=text), Q(party__customer_ref__startswith=text)]
    if not text.isascii():
        ways += [Q(second__startswith=text), Q(third__startswith=text)]
    elif len(text) > 2:
        ways.append(Q(latin__contains=text.lower()))
    return ways


def _any_part(text: str) -> Q:
    condition = (
        Q(party__name__icontains=text)
        | Q(party__name_key__startswith=text.lower())
        | Q(party__customer_ref__istartswith=text)
    )
    if _is_ending(text):
        ending = ContactPoint.objects.filter(ending=text[-4:])
        condition |= Q(party__in=ending.values("party"))
    return condition


def _is_ending(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) >= 4
