"""Put the packaged template on the emulator as a CloudFormation stack, the way it goes to the cloud."""

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.keys import AwsClient
from infra.local.places import ACCOUNT, CLOCK, REGION, endpoints
from infra.package import TEMPLATE, ZIP

STACK, BUCKET = "cairn-local", "cairn-packages"
FROM_ADDRESS, REPLY_TO = "care-team@cairn.example", "care-team@cairn.example"
STAGE = "api"


def aws(service: str, port: int | None = None) -> AwsClient:
    """Return a client of a service of the emulator, by default of the one that is running."""
    where = f"http://127.0.0.1:{port}" if port else endpoints()["aws"]
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=where,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 (the emulator takes anything)
        config=Config(retries={"max_attempts": 2}, read_timeout=120),
    )


def parameters(ports: dict[str, int]) -> dict[str, str]:
    """Return the template's parameters on a laptop."""
    return {
        "Stage": "local",
        "PublicUrl": f"http://127.0.0.1:{ports['api']}",
        "FromAddress": FROM_ADDRESS,
        "ReplyTo": REPLY_TO,
        "WebOrigin": f"http://127.0.0.1:{ports['api']}",
        "PushOrigins": f"http://127.0.0.1:{ports['inbox']}",
        "FcmApplication": application("GCM"),
        "ApnsApplication": application("APNS"),
        "DeletionProtection": "false",
        "LocalMail": f"http://127.0.0.1:{ports['inbox']}",
        "LocalIdentity": f"http://127.0.0.1:{ports['aws']}",
        "LocalClock": str(CLOCK),
    }


def application(platform: str) -> str:
    """Return the ARN of the SNS platform application on a laptop."""
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:app/{platform}/cairn"


def make_applications(port: int) -> None:
    """Make the platform applications, which no CloudFormation makes: they hold Google's and Apple's credentials."""
    sns = aws("sns", port)
    for platform in ("GCM", "APNS"):
        sns.create_platform_application(Name="cairn", Platform=platform, Attributes={"PlatformCredential": "local"})


def deploy(ports: dict[str, int]) -> tuple[str, dict[str, str]]:
    """Create the stack or bring it up to date; return what was done (created, updated, unchanged) and its outputs."""
    make_applications(ports["aws"])
    formation = aws("cloudformation", ports["aws"])
    template = json.dumps(_with_code_in_s3(ports["aws"]))
    s3 = aws("s3", ports["aws"])
    # Over 51,200 bytes a template goes by way of S3, here as in the cloud.
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=template.encode())
    asked: dict[str, Any] = {
        "StackName": STACK,
        "TemplateURL": f"http://127.0.0.1:{ports['aws']}/{BUCKET}/template.json",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters(ports).items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    if _status(formation) is None:
        formation.create_stack(**asked)
        done = "created"
    else:
        try:
            formation.update_stack(**asked)
            done = "updated"
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            done = "unchanged"
    _wait(formation)
    found = outputs(formation)
    if done != "unchanged":
        _repeat_gateway_responses(ports, found["RestAPIId"])
    return done, found


def _repeat_gateway_responses(ports: dict[str, int], api: str) -> None:
    """Put the template's gateway responses once more: the emulator leaves out those in an imported definition."""
    gateway = aws("apigateway", ports["aws"])
    values = parameters(ports)
    template = json.loads(TEMPLATE.read_text())
    for kind, wanted in template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"].items():
        headers = {
            f"gatewayresponse.header.{name}": _filled_in(value, values)
            for name, value in wanted["ResponseParameters"]["Headers"].items()
        }
        status = {"statusCode": str(wanted["StatusCode"])} if "StatusCode" in wanted else {}
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters=headers,
            responseTemplates=wanted["ResponseTemplates"],
            **status,
        )
    gateway.create_deployment(restApiId=api, stageName=STAGE)


def _filled_in(value: str | dict[str, str], values: dict[str, str]) -> str:
    text = value["Fn::Sub"] if isinstance(value, dict) else value
    for name, replacement in values.items():
        text = text.replace(f"${{{name}}}", replacement)
    return text


def outputs(formation: AwsClient) -> dict[str, str]:
    """Return the outputs of the stack by name."""
    stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def stage_url(port: int, outputs_: dict[str, str]) -> str:
    """Return where the emulator serves the API's stage."""
    return f"http://127.0.0.1:{port}/_aws/execute-api/{outputs_['RestAPIId']}/{STAGE}"


def _with_code_in_s3(port: int) -> dict[str, Any]:
    """Put the zip into a bucket and point the functions to it, as `aws cloudformation package` does."""
    s3 = aws("s3", port)
    s3.create_bucket(Bucket=BUCKET)
    digest = hashlib.sha256(ZIP.read_bytes()).hexdigest()[:32]
    kept = {found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}
    if digest not in kept:
        s3.put_object(Bucket=BUCKET, Key=digest, Body=ZIP.read_bytes())
    for old in kept - {digest}:
        s3.delete_object(Bucket=BUCKET, Key=old)
    template: dict[str, Any] = json.loads(TEMPLATE.read_text())
    for function in functions(template):
        function["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": digest}
    return template


def functions(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the template's functions."""
    return (found for found in template["Resources"].values() if found["Type"] == "AWS::Serverless::Function")


def _status(formation: AwsClient) -> str | None:
    try:
        stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError:
        return None
    return str(stack["StackStatus"])


def _wait(formation: AwsClient) -> None:
    until = time.monotonic() + 180
    while (status := _status(formation)) is not None and status.endswith("_IN_PROGRESS"):
        if time.monotonic() > until:
            raise SystemExit("the stack is not ready after three minutes")
        time.sleep(0.2)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        events = formation.describe_stack_events(StackName=STACK)["StackEvents"]
        reasons = [
            f"  {event['LogicalResourceId']}: {event['ResourceStatusReason']}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED") and event.get("ResourceStatusReason")
        ]
        raise SystemExit("\n".join([f"the stack is {status}:", *reasons[:10]]))
