"""
Package Cairn as one CloudFormation template and one zip, the same for a laptop and for the cloud.

Chalice makes the functions and the REST API; infra/resources/ says the rest; what Chalice gets wrong is put right here.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from infra.slim import slim

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / ".local" / "package"
TEMPLATE, ZIP = PACKAGE / "sam.json", PACKAGE / "deployment.zip"

# What the gateway answers by itself, as RFC 9457 problem details like all else: status, kind, title, detail.
GATEWAY_PROBLEMS = {
    "UNAUTHORIZED": (401, "unauthorised", "Sign in, and send the access token as a Bearer token."),
    "ACCESS_DENIED": (403, "forbidden", "You may not do this."),
    "EXPIRED_TOKEN": (401, "unauthorised", "The access token has expired."),
    # API Gateway says 403 for an address that doesn't exist.
    "MISSING_AUTHENTICATION_TOKEN": (404, "not-found", "There is no such address, or it doesn't take that method."),
    "REQUEST_TOO_LARGE": (413, "too-large", "The body is too large."),
    "THROTTLED": (429, "too-many-requests", "Too many requests. Try again in a little while."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "unsupported-media-type", "This address doesn't take that kind of body."),
    "DEFAULT_4XX": (None, "refused", "The request can't be taken."),
    "DEFAULT_5XX": (None, "unexpected", "Something went wrong on our side. Try again."),
}


def main() -> None:
    """Package for the stage on the command line and say where the result is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", default="local", choices=["local", "dev", "prod"])
    parser.add_argument("--project", type=Path, default=ROOT)
    asked = parser.parse_args()
    made = package(asked.stage, project=asked.project)
    print(f"{'packaged' if made else 'unchanged'}: {TEMPLATE}, {ZIP} ({ZIP.stat().st_size / 1e6:.1f} MB)")


def package(stage: str, *, project: Path = ROOT) -> bool:
    """Write the template and the zip; return False if nothing changed since they were written last."""
    fingerprint = _fingerprint(stage, project)
    mark = PACKAGE / "fingerprint"
    if mark.exists() and mark.read_text() == fingerprint and TEMPLATE.exists() and ZIP.exists():
        return False
    shutil.rmtree(PACKAGE, ignore_errors=True)
    PACKAGE.mkdir(parents=True)
    merge = PACKAGE / "merge.json"
    merge.write_text(json.dumps(resources()))
    chalice = "from chalice.cli import main; main()"
    command = [sys.executable, "-c", chalice, "package", "--stage", stage, "--merge-template", str(merge)]
    # The region only picks service principals, which are the same in all of the aws partition.
    environment = {**os.environ, "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1")}
    done = subprocess.run(
        [*command, str(PACKAGE)], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"chalice package failed:\n{done.stdout}{done.stderr}")
    template = json.loads(TEMPLATE.read_text())
    put_right(template)
    TEMPLATE.write_text(json.dumps(template, indent=1))
    slim(ZIP)
    mark.write_text(fingerprint)
    return True


def resources() -> dict[str, Any]:
    """Return infra/resources/ as one template."""
    whole: dict[str, Any] = {}
    for path in sorted((ROOT / "infra" / "resources").glob("*.yaml")):
        for section, content in yaml.safe_load(path.read_text()).items():
            if isinstance(content, dict):
                whole.setdefault(section, {}).update(content)
            else:
                whole[section] = content
    return whole


def put_right(template: dict[str, Any]) -> None:
    """Change in place what Chalice can't say or says wrongly."""
    api = template["Resources"]["RestAPI"]["Properties"]
    for scheme in api["DefinitionBody"].get("securityDefinitions", {}).values():
        authorizer = scheme.get("x-amazon-apigateway-authorizer", {})
        if authorizer.get("type") == "cognito_user_pools":
            # Chalice wants a fixed ARN, known before the pool exists.
            authorizer["providerARNs"] = [{"Fn::GetAtt": ["UserPool", "Arn"]}]
    origin = {"Fn::Sub": "'${WebOrigin}'"}
    for path in api["DefinitionBody"]["paths"].values():
        answers = path.get("options", {}).get("x-amazon-apigateway-integration", {}).get("responses", {})
        for answer in answers.values():
            # Whatever app.api.cors says, a route with cors=True answers `*`.
            if "method.response.header.Access-Control-Allow-Origin" in answer.get("responseParameters", {}):
                answer["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] = origin
    api["GatewayResponses"] = {
        kind: {
            **({"StatusCode": status} if status else {}),
            "ResponseParameters": {
                "Headers": {
                    "Content-Type": "'application/problem+json'",
                    "Cache-Control": "'no-store'",
                    "Access-Control-Allow-Origin": origin,
                }
            },
            "ResponseTemplates": {"application/json": _problem(status, name, detail)},
        }
        for kind, (status, name, detail) in GATEWAY_PROBLEMS.items()
    }


def _problem(status: int | None, kind: str, detail: str) -> str:
    problem: dict[str, Any] = {"type": f"urn:cairn:problem:{kind}", "title": kind.replace("-", " ").capitalize()}
    if status:
        problem["status"] = status
    # Replaced by API Gateway with the id that is in its access log too.
    return json.dumps({**problem, "detail": detail, "instance": "$context.requestId"})


def _fingerprint(stage: str, project: Path) -> str:
    """Return a digest of all that goes in, so that an unchanged package isn't made again."""
    taken = hashlib.sha256(f"{stage} {sys.version_info[:2]}".encode())
    paths = [project / "app.py", project / "requirements.txt", Path(__file__), Path(slim.__code__.co_filename)]
    for folder in (project / "chalicelib", project / ".chalice", ROOT / "infra" / "resources"):
        paths += [path for path in folder.rglob("*") if path.is_file()]
    for path in sorted(paths):
        if not {"deployments", "deployed", "__pycache__"} & set(path.parts):
            taken.update(f"{path.name}\0".encode() + path.read_bytes())
    return taken.hexdigest()


if __name__ == "__main__":
    main()
