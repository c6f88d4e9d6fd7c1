"""Hands a request on to the emulator."""

import http.client


def pass_on(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Return the emulator's answer to this request: status, headers worth keeping, body."""
    upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        upstream.request(method, path, body=body, headers=headers)
        answer = upstream.getresponse()
        content = answer.read()
    finally:
        upstream.close()
    return answer.status, {"Content-Type": answer.getheader("Content-Type") or "application/json"}, content
