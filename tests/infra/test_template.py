import json
from typing import Any

import pytest

from infra.package import GATEWAY_PROBLEMS, ROOT, put_right, resources

POLICIES = ROOT / ".chalice" / "policies"
FUNCTIONS = (
    "api_handler",
    "escalate",
    "tick",
    "deliver",
    "sweep",
    "import_roster",
    "fan_out",
    "make_report",
    "achieve",
    "record_receipt",
    "operate",
)


def statements(function: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((POLICIES / f"{function}.json").read_text())["Statement"]
    return found


def partitions(function: str, action: str) -> set[str]:
    """Return the leading keys that a function may do this to."""
    keys: set[str] = set()
    for statement in statements(function):
        if f"dynamodb:{action}" in statement["Action"]:
            keys |= set(statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
    return keys


def packaged() -> dict[str, Any]:
    """Return a template as Chalice makes it, as far as it is put right."""
    options = {
        "responses": {"default": {"responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"}}}
    }
    authorizer = {"type": "cognito_user_pools", "providerARNs": ["arn:fixed"]}
    definition = {
        "paths": {"/people": {"options": {"x-amazon-apigateway-integration": options}}, "/": {"get": {}}},
        "securityDefinitions": {"cairn": {"x-amazon-apigateway-authorizer": authorizer}},
    }
    return {"Resources": {"RestAPI": {"Properties": {"DefinitionBody": definition}}}}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_has_a_policy_of_its_own_that_the_configuration_names(function: str) -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())

    assert config["autogen_policy"] is False
    assert config["lambda_functions"][function]["iam_policy_file"] == f"policies/{function}.json"
    assert statements(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_policy_allows_whole_services_or_all_resources(function: str) -> None:
    for statement in statements(function):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions), statement
        # X-Ray and SES's account have no resources to name, and a telephone has none at SNS.
        unnamed = all(action.startswith("xray:") or action in {"ses:GetAccount", "sns:Publish"} for action in actions)
        assert statement["Resource"] != "*" or unnamed, statement


@pytest.mark.parametrize("function", [name for name in FUNCTIONS if name != "api_handler"])
def test_background_functions_reach_only_the_partitions_that_they_need(function: str) -> None:
    for statement in statements(function):
        # A stream has no keys to lead.
        is_stream = statement["Resource"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
        if not is_stream and any(action.startswith("dynamodb:") for action in statement["Action"]):
            # Without Null, a request that has no leading keys (a scan) would pass ForAllValues.
            assert statement["Condition"]["Null"]["dynamodb:LeadingKeys"] == "false", statement


def test_the_tick_reads_what_is_due_and_overdue_and_writes_only_what_comes_of_it() -> None:
    assert partitions("tick", "Query") == {
        "BELLS#OPEN",
        "CLIMBS",
        "DUE#*",
        "LOOKS",
        "NOTICES#OPEN",
        "PERSON#*",
        "STAFF#*",
        "STAFFLIST#*",
    }
    told = {"BELL#*", "BELLS#OPEN", "LOOKS"}
    assert partitions("tick", "PutItem") == {"WATERMARK", "PARKED", "CALLED#*", "CLIMBS", "DUE#*", *told}
    assert partitions("tick", "UpdateItem") == set()
    assert partitions("tick", "DeleteItem") == {"DUE#*", "CLIMBS", "LOOKS"}


def test_the_look_at_crises_reads_no_person_and_begins_drills_as_calls_are_kept() -> None:
    crises = {"CALLER#*", "CRISES#*", "CRISIS#*"}
    read = {key for action in ("GetItem", "Query", "BatchGetItem") for key in partitions("escalate", action)}
    staff = {"STAFF#*", "STAFFLIST#*"}

    assert read == {*crises, *staff, "PRESS#*", "PROGRAMME#*", "PROGRAMMES", "ROTA#*", "ROTAS", "TASKS#*"}
    assert partitions("escalate", "PutItem") == {*crises, "PRESS#*", "ROTAS"}
    assert partitions("escalate", "UpdateItem") == {"CRISES#*", "PERSON#*", "PRESS#*"}
    assert partitions("escalate", "DeleteItem") == {"CALLER#*", "CRISES#*"}


def test_delivery_can_not_read_answers_or_the_audit_log() -> None:
    read = {key for action in ("GetItem", "Query", "BatchGetItem") for key in partitions("deliver", action)}

    assert read == {
        "ATTENDANCE#*",
        "ATTENTION#*",
        "CALLED#*",
        "CALLER#*",
        "CARING#*",
        "CHECKINS#*",
        "CRISIS#*",
        "FAMILY#*",
        "MEETINGSOF#*",
        "INVITED#*",
        "KIN#*",
        "GROUP#*",
        "GROUPSOF#*",
        "KUDOS#*",
        "LEDGER#*",
        "MENTORS#*",
        "MILESTONES#*",
        "NOTICE#*",
        "PACE",
        "PARTNERS#*",
        "PERSON#*",
        "PLAN#*",
        "PROGRAMMES",
        "ROTA#*",
        "ROUTINE#*",
        "SERIES#*",
        "STAFF#*",
        "STAFFLIST#*",
        "SWITCH",
        "TASKLIST#*",
        "TASKS#*",
        "WALKS#*",
    }
    # Of check-ins it may see on which dates there are any, and nothing that was said.
    [dates] = [one["Condition"] for one in statements("deliver") if "CHECKINS#*" in str(one.get("Condition"))]
    assert dates["ForAllValues:StringEquals"] == {"dynamodb:Attributes": ["pk", "sk"]}
    assert dates["StringEquals"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    # Without Null, a request for all attributes would pass ForAllValues.
    assert dates["Null"] == {"dynamodb:LeadingKeys": "false", "dynamodb:Attributes": "false"}


def test_the_outreach_log_and_the_audit_log_are_only_ever_added_to() -> None:
    for function in FUNCTIONS:
        for statement in statements(function):
            if {"dynamodb:UpdateItem", "dynamodb:DeleteItem"} & set(statement["Action"]):
                keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
                assert not [key for key in keys if key.startswith(("AUDIT", "CONTACTS", "CRISIS#"))], function


def test_the_stream_changes_nothing_but_what_follows_from_it() -> None:
    assert partitions("achieve", "PutItem") == {
        "ATTENTION#*",
        "CALLED#*",
        "CARING#*",
        "CLIMBS",
        "DUE#*",
        "GROUP#*",
        "MENTORS#*",
        "MILESTONES#*",
        "PERSON#*",
        "TASKLIST#*",
        "TASKS#*",
        "WALKS#*",
    }
    # A person's reminders go along with an edited week (docs/decisions/0045); memberships end (docs/groups.md).
    assert partitions("achieve", "DeleteItem") == {"CLIMBS", "GROUP#*", "GROUPSOF#*", "PERSON#*"}
    assert partitions("achieve", "UpdateItem") == {"GROUP#*", "PERSON#*"}


def test_operators_turn_the_switch_bring_back_what_was_set_aside_and_change_nothing_else() -> None:
    assert partitions("operate", "PutItem") == {"SWITCH", "AUDIT#*", "DUE#*", "ATTENTION#*"}
    assert partitions("operate", "DeleteItem") == {"PARKED", "LEDGER#*"}
    assert not partitions("operate", "UpdateItem")


def test_mail_goes_out_from_one_address_only() -> None:
    sending = [s for s in statements("deliver") if "ses:SendEmail" in s["Action"]]

    assert [s["Condition"] for s in sending] == [{"StringEquals": {"ses:FromAddress": {"Ref": "FromAddress"}}}]
    assert not any("ses:SendEmail" in s["Action"] for name in FUNCTIONS if name != "deliver" for s in statements(name))


def test_the_pool_of_the_same_template_authorises() -> None:
    template = packaged()

    put_right(template)

    scheme = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["securityDefinitions"]["cairn"]
    arns = scheme["x-amazon-apigateway-authorizer"]["providerARNs"]
    assert arns == [{"Fn::GetAtt": ["UserPool", "Arn"]}]


def test_no_other_origin_is_told_that_it_may_read_answers() -> None:
    template = packaged()

    put_right(template)

    assert "'*'" not in json.dumps(template)


def test_what_the_gateway_says_by_itself_is_a_problem_too() -> None:
    template = packaged()

    put_right(template)

    responses = template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"]
    assert set(responses) == set(GATEWAY_PROBLEMS)
    for response in responses.values():
        problem = json.loads(response["ResponseTemplates"]["application/json"])
        assert problem["type"].startswith("urn:cairn:problem:")
        assert problem["instance"] == "$context.requestId"
        assert response["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"


def test_an_address_that_does_not_exist_is_not_forbidden_but_not_found() -> None:
    assert GATEWAY_PROBLEMS["MISSING_AUTHENTICATION_TOKEN"][0] == 404


def test_one_message_that_fails_does_not_take_its_batch_along() -> None:
    whole = resources()["Resources"]

    for function, event in (
        ("Deliver", "DeliverSqsEventSource"),
        ("ImportRoster", "ImportRosterSqsEventSource"),
        ("FanOut", "FanOutSqsEventSource"),
        ("MakeReport", "MakeReportSqsEventSource"),
        ("Achieve", "AchieveDynamodbEventSource"),
    ):
        properties = whole[function]["Properties"]["Events"][event]["Properties"]
        assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_what_can_not_be_made_again_is_kept_when_the_stack_goes() -> None:
    whole = resources()["Resources"]

    for name in ("Table", "Key", "KeysSecret", "UserPool"):
        assert whole[name]["DeletionPolicy"] == "Retain", name
        assert whole[name]["UpdateReplacePolicy"] == "Retain", name


def test_the_access_log_holds_no_path_that_carries_a_token() -> None:
    log = resources()["Resources"]["RestAPI"]["Properties"]["AccessLogSetting"]["Format"]

    assert "$context.resourcePath" in log
    assert "$context.path" not in log
    assert "sourceIp" not in log


def test_no_secret_is_in_the_template() -> None:
    secret = resources()["Resources"]["KeysSecret"]["Properties"]

    assert not {"SecretString", "GenerateSecretString"} & set(secret)


def test_staff_are_told_of_tasks_since_the_stream_passes_them_on() -> None:
    source = resources()["Resources"]["Achieve"]["Properties"]["Events"]["AchieveDynamodbEventSource"]["Properties"]

    patterns = [json.loads(one["Pattern"]) for one in source["FilterCriteria"]["Filters"]]

    assert any(
        {"prefix": "TASKS#"} in pattern["dynamodb"]["Keys"]["pk"]["S"]
        and "INSERT" in pattern.get("eventName", ["INSERT"])
        for pattern in patterns
    )
    # As many as AWS takes unless it is asked for more.
    assert len(patterns) <= 5


def test_a_deployment_that_fails_loses_nothing_of_the_stream_that_is_put_right_within_two_hours() -> None:
    source = resources()["Resources"]["Achieve"]["Properties"]["Events"]["AchieveDynamodbEventSource"]["Properties"]

    # A number of tries would be used up within minutes; what staff hear of a crisis is in there.
    assert "MaximumRetryAttempts" not in source
    assert source["MaximumRecordAgeInSeconds"] == 7200
