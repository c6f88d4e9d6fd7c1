from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from chalicelib.edge.openapi import document
from tests.toy import ToyDoors, app


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return document(ToyDoors.all)


def test_the_document_is_valid_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(described).iter_errors()) == []


def test_it_has_every_route_and_no_other(described: dict[str, Any]) -> None:
    told = {(path, method.upper()) for path, operations in described["paths"].items() for method in operations}
    routed = {(path, method) for path, methods in app.routes.items() for method in methods if method != "OPTIONS"}

    assert told == routed


def test_it_says_who_may_sign_in_where_and_why_a_door_is_open(described: dict[str, Any]) -> None:
    behind_a_rule = described["paths"]["/people/{person_id}/stone"]["get"]
    public = described["paths"]["/heaps"]["post"]

    assert behind_a_rule["security"] == [{"accessToken": []}]
    assert behind_a_rule["x-cairn-access"] == {"act": "read", "field": "profile", "purpose": "test"}
    assert {"401", "403", "404", "503"} <= behind_a_rule["responses"].keys()
    assert (public["security"], public["x-cairn-access"]) == ([], {"public": "a toy"})


def test_it_names_parameters_bodies_and_answers_as_they_are_on_the_wire(described: dict[str, Any]) -> None:
    edit = described["paths"]["/people/{person_id}/stone"]["put"]
    listing = described["paths"]["/people/{person_id}/stones"]["get"]
    laying = described["paths"]["/people/{person_id}/stones"]["post"]

    assert [(parameter["name"], parameter["in"], parameter["required"]) for parameter in edit["parameters"]] == [
        ("person_id", "path", True),
        ("If-Match", "header", True),
    ]
    assert [parameter["name"] for parameter in listing["parameters"]] == ["person_id", "limit", "cursor"]
    assert laying["parameters"][-1]["name"] == "Idempotency-Key"
    assert {"412", "428", "413", "415", "422"} <= edit["responses"].keys()
    assert next(iter(laying["responses"])) == "201"
    stone = described["components"]["schemas"]["Stone"]
    assert stone["additionalProperties"] is False
    assert set(stone["properties"]) == {"kind", "weightGrams", "foundOn"}
    assert described["paths"]["/heaps"]["post"]["requestBody"]["content"].keys() == {"text/csv"}
