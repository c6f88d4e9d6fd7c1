"""
Package Cairn as one CloudFormation template and one zip, the same for a laptop and for the cloud.

Chalice makes the functions and the REST API; infra/resources/ says the rest; what Chalice gets wrong is put right here.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from infra.slim import add, slim

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


_ALMOST_NOTHING = """from chalice.app import Chalice

app = Chalice("cairn")


@app.route("/")
def nothing():
    return {}
"""


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
    PACKAGE.mkdir(parents=True, exist_ok=True)
    with (PACKAGE / "lock").open("w") as lock:
        # Two stacks may start at once, of which one packages.
        fcntl.flock(lock, fcntl.LOCK_EX)
        fingerprint = _fingerprint(stage, project)
        mark = PACKAGE / "fingerprint"
        if mark.exists() and mark.read_text() == fingerprint and TEMPLATE.exists() and ZIP.exists():
            return False
        mark.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=PACKAGE) as name:
            _package(stage, project, Path(name))
        mark.write_text(fingerprint)
    return True


def _package(stage: str, project: Path, work: Path) -> None:
    # Chalice fetches and zips all dependencies anew when a line of the app changes, which takes half a minute. So it
    # is run for the dependencies alone, once for each requirements.txt, and for the app without them.
    for part in ("app.py", "chalicelib", ".chalice/config.json", ".chalice/policies"):
        _copy(project / part, work / "app" / part)
    (work / "app" / "requirements.txt").touch()
    (work / "merge.json").write_text(json.dumps(resources()))
    _chalice(work / "app", work / "out", "--stage", stage, "--merge-template", str(work / "merge.json"))
    template = json.loads((work / "out" / "sam.json").read_text())
    put_right(template)
    add(work / "out" / "deployment.zip", _vendored(project, work), ZIP)
    TEMPLATE.write_text(json.dumps(template, indent=1))


def _vendored(project: Path, work: Path) -> Path:
    """Return the zip of the dependencies, made by Chalice for an app that has nothing else."""
    digest = _digest(project / "requirements.txt", Path(slim.__code__.co_filename))
    made = PACKAGE / f"vendored-{digest}.zip"
    if not made.exists():
        empty = work / "vendored"
        _copy(project / "requirements.txt", empty / "requirements.txt")
        (empty / "app.py").write_text(_ALMOST_NOTHING)
        (empty / ".chalice").mkdir()
        (empty / ".chalice" / "config.json").write_text(
            '{"version": "2.0", "app_name": "cairn", "stages": {"dev": {}}}'
        )
        _chalice(empty, work / "vendored-out")
        with zipfile.ZipFile(work / "vendored-out" / "deployment.zip") as whole:
            alone = zipfile.ZipFile(work / "vendored.zip", "w")
            with alone:
                for entry in whole.infolist():
                    if entry.filename != "app.py":
                        alone.writestr(entry, whole.read(entry))
        slim(work / "vendored.zip", made)
    return made


def _chalice(project: Path, out: Path, *options: str) -> None:
    command = [sys.executable, "-c", "from chalice.cli import main; main()", "package", *options, str(out)]
    # The region only picks service principals, which are the same in all of the aws partition.
    environment = {**os.environ, "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"chalice package failed:\n{done.stdout}{done.stderr}")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


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
    paths = [project / "app.py", project / "requirements.txt", Path(__file__), Path(slim.__code__.co_filename)]
    for folder in (project / "chalicelib", project / ".chalice", ROOT / "infra" / "resources"):
        paths += [path for path in sorted(folder.rglob("*")) if path.is_file()]
    skipped = {"deployments", "deployed", "__pycache__"}
    return f"{stage} {_digest(*(path for path in paths if not skipped & set(path.parts)))}"


def _digest(*paths: Path) -> str:
    taken = hashlib.sha256(str(sys.version_info[:2]).encode())
    for path in paths:
        taken.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return taken.hexdigest()[:32]


if __name__ == "__main__":
    main()
