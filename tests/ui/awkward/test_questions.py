"""All that the app may be asked, with values that nobody means: each is answered or refused in a
line, and the app goes on.
"""

from __future__ import annotations

import json
from functools import partial

import pytest

from tests.ui.awkward.conftest import Client, Values
from tests.ui.awkward.forms import FRAME, JOBS, QUESTIONS, bent, forms
from tests.ui.awkward.values import VALUES, some
from ui.api import Api


def test_all_that_the_page_may_call_is_tried(client: Client) -> None:
    assert sorted(client.offered) == sorted([*QUESTIONS, *FRAME])


def test_some_questions_get_every_value() -> None:
    tried = {told for name in (*QUESTIONS, *JOBS) for told in some(VALUES, f"{name} whole")}
    assert tried == set(VALUES)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_with_values_that_nobody_means(
    client: Client, full_api: Api, name: str, values: Values
) -> None:
    found = forms(full_api, name)
    assert found
    for form in found:
        assert "error" not in client.ask(name, json.dumps(form))
        for told, data in bent(form, partial(values, name)).items():
            with client.naming(name, told):
                client.ask(name, data)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_with_values_that_nobody_means(
    client: Client, full_api: Api, name: str, values: Values
) -> None:
    found = forms(full_api, name)
    assert found
    for form in found:
        assert client.run(name, json.dumps(form), "fitting")["state"] == "done"
        for number, (told, data) in enumerate(bent(form, partial(values, name)).items()):
            with client.naming(name, told):
                client.run(name, data, f"page {number}")


@pytest.mark.parametrize("name", FRAME)
def test_what_the_frame_calls_with_values_that_nobody_means(
    client: Client, name: str, values: Values
) -> None:
    for told, data in bent(FRAME[name], partial(values, name)).items():
        with client.naming(name, told):
            client.ask(name, data)


@pytest.mark.parametrize("field", ["component_id", "fn_name", "session_hash", "data"])
def test_a_question_that_is_no_question(client: Client, field: str, values: Values) -> None:
    body = {"component_id": client.bar, "fn_name": "atlases", "session_hash": "x", "data": {}}
    all_bent = bent(body, partial(values, field))
    mine = [told for told in all_bent if told.startswith((field, "whole", "all", "no"))]
    assert mine
    for told in mine:
        with client.naming(field, told):
            client.post(all_bent[told])
