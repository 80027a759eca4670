"""Invented cardholders: names, numbers and addresses that are nobody's.

No telephone number is valid: Taiwan's are one digit short, China's lie in the block
154, in which libphonenumber knows no number. Identity numbers have a wrong
check digit, roads do not exist, e-mail ends in a domain reserved for examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

SURNAMES = "陳陳陳陳林林林黃黃張張李李王王吳吳劉劉蔡蔡楊楊許許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁卓馬阮董"
FIRST = {
    "M": "志俊建家明文宗冠承柏宏信偉彥哲政國育睿世正永耀振昱展",
    "F": "淑美雅怡佳麗秀玉惠婉欣詩佩靜郁思慧筱宜芳心品書若曉雨",
}
SECOND = {
    "M": "豪宏傑偉軒翰廷賢成銘仁德霖勳祥豐達隆安瑋均凱鴻華源誠",
    "F": "君婷玲芬雯華如萍娟惠慧芳珍蓉琪穎潔文儀瑩嫻茹薇彤妤真",
}
ROADS = ("虛構路", "杜撰街", "假想路", "樣本街")
# Numbers of a country are spread over its block by a step that shares no factor with ten.
STEP = 7_654_321


@dataclass(frozen=True, slots=True)
class Place:
    """Where invented people live and how their numbers look."""

    country: str
    time_zone: str
    phone: str
    digits: int
    cities: tuple[tuple[str, str, str], ...]


TAIWAN = Place(
    "TW", "Asia/Taipei", "+8869", 7,
    (
        ("臺北市", "中正區", "100"), ("新北市", "板橋區", "220"), ("桃園市", "中壢區", "320"),
        ("新竹市", "東區", "300"), ("臺中市", "西屯區", "407"), ("臺南市", "東區", "701"),
        ("高雄市", "前鎮區", "806"), ("花蓮縣", "花蓮市", "970"),
    ),
)  # fmt: skip
CHINA = Place(
    "CN", "Asia/Shanghai", "154", 8,
    (
        ("北京市", "北京市", "100000"), ("上海市", "上海市", "200000"),
        ("广东省", "深圳市", "518000"), ("四川省", "成都市", "610000"),
        ("湖北省", "武汉市", "430000"), ("陕西省", "西安市", "710000"),
    ),
)  # fmt: skip


def install_draw(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Give ``con`` the macro ``draw(what, id, n)``: a number from 0 to n - 1.

    It hangs on the seed and its arguments alone, not on the order of rows, the number
    of threads or the version of DuckDB.
    """
    con.execute(
        "CREATE OR REPLACE MACRO draw(what, id, n) AS"
        f" (md5_number_lower(concat('{int(seed)}:', what, ':', id)) % n)::BIGINT"
    )


def add_people(
    con: duckdb.DuckDBPyConnection, place: Place, *, seed: int, known_since: date, rich: bool
) -> None:
    """Make the tables ``customers`` and ``contacts`` from ``person``.

    ``person`` has id (unique, from 0), customer_ref, gender (``M`` or ``F``) and
    birth_date. Everybody has a mobile and an address; ``rich`` adds e-mail, identity
    numbers and emergency contacts to some. Nothing was verified after ``known_since``.
    """
    con.execute(
        f"""CREATE OR REPLACE TABLE customers AS
        SELECT customer_ref, {_name("id", "gender")} AS name,
               {"'national_id'" if rich else "NULL::VARCHAR"} AS id_type,
               {_identity() if rich else "NULL::VARCHAR"} AS id_number,
               birth_date, gender, 'zh' AS language, '{place.country}' AS country,
               home[1] AS region, home[2] AS city, home[3] AS postal_code,
               '{place.time_zone}' AS time_zone
        FROM (SELECT *, {_home(place)} AS home, {_drawn()} FROM person)"""
    )
    verified = f"DATE '{known_since}' - draw('verified', id, 700)::INTEGER"
    parts = [
        f"""SELECT customer_ref, 1 AS turn, 'debtor' AS role, NULL::VARCHAR AS name,
            'mobile' AS kind, {_phone(place, "2 * id", seed)} AS value, 'application' AS source,
            {verified} AS verified_on, true AS call_ok,
            draw('sms', id, 20) > 0 AS sms_ok, NULL::BOOLEAN AS email_ok FROM person""",
        f"""SELECT customer_ref, 2, 'debtor', NULL, 'address', {_address()}, 'application',
            {verified}, NULL, NULL, NULL
            FROM (SELECT *, {_home(place)} AS home FROM person)""",
    ]
    if rich:
        parts += [
            """SELECT customer_ref, 3, 'debtor', NULL, 'email',
            concat('holder.', lower(customer_ref), '@example.',
                   ['com', 'net', 'org'][draw('domain', id, 3) + 1]),
            'self_service', NULL, NULL, NULL, draw('email_ok', id, 5) > 0
            FROM person WHERE draw('email', id, 10) < 7""",
            f"""SELECT customer_ref, 4, 'emergency', {_name("concat(id, 'e')", "friend")},
            'mobile', {_phone(place, "2 * id + 1", seed)}, 'application', NULL, NULL, NULL, NULL
            FROM (SELECT *, ['M', 'F'][draw('friend', id, 2) + 1] AS friend FROM person)
            WHERE draw('emergency', id, 10) < 3""",
        ]
    order = "ORDER BY customer_ref, turn" if rich else ""
    con.execute(
        "CREATE OR REPLACE TABLE contacts AS SELECT * EXCLUDE (turn) FROM ("
        + " UNION ALL ".join(parts)
        + f") {order}"
    )


def _pick(marks: str, what: str, key: str) -> str:
    return f"'{marks}'[draw('{what}', {key}, {len(marks)}) + 1]"


def _name(key: str, gender: str) -> str:
    """Return SQL: family name and one or two characters, by gender."""
    given = {
        sex: f"{_pick(FIRST[sex], 'first', key)} || CASE WHEN draw('short', {key}, 12) = 0"
        f" THEN '' ELSE {_pick(SECOND[sex], 'second', key)} END"
        for sex in ("M", "F")
    }
    family = _pick(SURNAMES, "family", key)
    return f"{family} || CASE {gender} WHEN 'M' THEN {given['M']} ELSE {given['F']} END"


def _home(place: Place) -> str:
    rows = ", ".join(f"['{region}', '{city}', '{post}']" for region, city, post in place.cities)
    return f"([{rows}])[draw('city', id, {len(place.cities)}) + 1]"


def _address() -> str:
    roads = ", ".join(f"'{road}'" for road in ROADS)
    return (
        f"concat(home[1], home[2], [{roads}][draw('road', id, {len(ROADS)}) + 1],"
        " 1 + draw('house', id, 400), '號', 1 + draw('floor', id, 12), '樓')"
    )


def _phone(place: Place, number: str, seed: int) -> str:
    """Return SQL: the ``number``-th of the block's numbers, each given once."""
    size = 10**place.digits
    shift = seed * 7919 % size
    place_in = f"(({number}) * {STEP} + {shift}) % {size}"
    return f"'{place.phone}' || lpad(({place_in})::VARCHAR, {place.digits}, '0')"


# A letter of a Taiwan identity number counts 10 and its place here; its digits weigh 1 and 9.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"


def _identity() -> str:
    """Return SQL: a Taiwan identity number whose check digit is one too high.

    ``letter`` and ``body`` are columns beside it, see :func:`_drawn`.
    """
    weighed = " + ".join(f"body[{place}]::BIGINT * {9 - place}" for place in range(1, 9))
    total = f"(letter + 10) // 10 + (letter + 10) % 10 * 9 + {weighed}"
    return f"concat('{_LETTERS}'[letter + 1], body, (11 - ({total}) % 10) % 10)"


def _drawn() -> str:
    sex = "CASE gender WHEN 'M' THEN 1 ELSE 2 END"
    return (
        f"draw('id_letter', id, {len(_LETTERS)}) AS letter,"
        f" concat({sex}, lpad(draw('id_body', id, 10000000)::VARCHAR, 7, '0')) AS body"
    )
