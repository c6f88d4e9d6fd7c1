"""The document that Cairn itself serves, against the routes that it has."""

import json

from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.edge.doors import Door
from chalicelib.edge.http import Doors
from tests.toy import Toy


def test_the_document_is_served_valid_and_has_every_route() -> None:
    told = Toy(app=app).send("GET", "/openapi.json", role=None)

    assert (told.status, told.headers["Content-Type"]) == (200, "application/json")
    assert list(OpenAPIV31SpecValidator(told.json).iter_errors()) == []
    described = {(path, method.upper()) for path, methods in told.json["paths"].items() for method in methods}
    routed = {(path, method) for path, methods in app.routes.items() for method in methods if method != "OPTIONS"}
    assert described == routed


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [door.name for door in Doors.all]

    assert sorted(names) == sorted(set(names))


def test_every_door_names_only_parameters_that_its_address_has() -> None:
    def parameters(door: Door) -> set[str]:
        named = {getattr(door.rule, "subject", None), getattr(door.rule, "programme", None)} - {None}
        return {str(name) for name in named}

    assert [door.path for door in Doors.all for name in parameters(door) if f"{{{name}}}" not in door.path] == []


def test_a_path_that_names_a_person_or_programme_is_decided_on_it() -> None:
    forgotten = [
        door.path
        for door in Doors.all
        for parameter, side in (("{person_id}", "subject"), ("{programme_id}", "programme"))
        if parameter in door.path and getattr(door.rule, side, None) != parameter.strip("{}")
    ]

    assert forgotten == []


def test_the_document_names_nothing_of_anybody() -> None:
    assert "sub-" not in json.dumps(Toy(app=app).send("GET", "/openapi.json", role=None).json)
