"""A server that keeps the contract of the addresses, in memory, and fails on demand."""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import httpx

JsonObject = dict[str, Any]
SHEET = "file,id,technique,dwell_time [us]\r\na.mib,0001-0000,four_d_stem,1\r\n"  # as RFC 4180 has it
Route = Callable[[httpx.Request, list[str]], httpx.Response]


@dataclass
class Upload:
    """An upload on its way."""

    deposit: str
    path: str
    sha256: str
    size: int
    content: bytearray = field(default_factory=bytearray)


class FakeServer(httpx.BaseTransport):
    """`cut_after`: break the next PATCHes after so many bytes. `away`: refuse so many connections."""

    url = "http://stemma.test"

    def __init__(self) -> None:
        self.sorted: list[tuple[str, JsonObject]] = []
        self.lock = RLock()
        self.deposits: dict[str, JsonObject] = {}
        self.contents: dict[tuple[str, str], bytes] = {}
        self.uploads: dict[str, Upload] = {}
        self.extra: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.requests: list[tuple[str, str]] = []
        self.headers: list[httpx.Headers] = []
        self.away = 0
        self.cut_after: int | None = None
        self.cuts_left = 0
        self.full_after = (
            0  # with `full_for`: so many PATCHes find no room beyond so many bytes of the upload
        )
        self.full_for = 0
        self.findings: list[JsonObject] = []
        self.documents: list[JsonObject] = []
        self.loses: list[str] = []  # names of files that are confirmed and forgotten, once for each mention
        self.bytes_received = 0
        self.refuses_other_promises = False  # as the server does while bytes come

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.requests.append((request.method, request.url.path))
            self.headers.append(request.headers)
            if self.away > 0:
                self.away -= 1
                raise httpx.ConnectError("connection refused")
        if request.url.path in self.extra:
            request.read()
            return self.extra[request.url.path](request)
        parts = [part for part in request.url.path.removeprefix("/api/v1/").split("/") if part]
        routes: dict[str, Route] = {
            "account": self._account,
            "deposits": self._deposit,
            "uploads": self._upload,
            "datasets": self._dataset,
        }
        route = routes.get(parts[0])
        response = refuse(404, "not_found", "Nothing here.") if route is None else route(request, parts[1:])
        response.request = request
        return response

    def count(self, method: str, ending: str) -> int:
        return sum(asked == method and path.endswith(ending) for asked, path in self.requests)

    def _account(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        if parts or request.headers.get("Authorization") != "Token secret":
            return refuse(401, "invalid_token", "This token is not valid.")
        return httpx.Response(
            200, json={"username": "ada", "roles": ["depositor"], "used": 0, "quota": 10**9}
        )

    def _deposit(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        request.read()
        with self.lock:
            if not parts:
                return self._create(request) if request.method == "POST" else self._list()
            record = self.deposits.get(parts[0])
            if record is None:
                return refuse(404, "not_found", "No such deposit.")
            if len(parts) == 1:
                return self._one(request, record)
            if parts[1:2] == ["table"]:
                show = self._take_sheet if parts[2:] == ["sheet"] else self._show_table
                return show(request, record)
            return self._act(parts[1:], request, record)

    def _create(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.documents.append(body)
        deposit_id = f"dep{len(self.deposits)}-abc{len(self.deposits)}"
        self.deposits[deposit_id] = {
            "id": deposit_id,
            "state": "draft",
            "doi": None,
            "url": f"{self.url}/deposits/{deposit_id}",
            "title": body.get("title"),
            "findings": [],
            "files": [],
            "measurements": [],
            "revision": 1,
            "metadata": body.get("metadata") or {},
        }
        return self._one(request, self.deposits[deposit_id], status=201)

    def _list(self) -> httpx.Response:
        return httpx.Response(200, json={"next": None, "results": list(self.deposits.values())})

    def _one(self, request: httpx.Request, record: JsonObject, *, status: int = 200) -> httpx.Response:
        etag = f'"{record["revision"]}"'
        if request.method == "DELETE":
            del self.deposits[record["id"]]
            return httpx.Response(204)
        if request.method == "PATCH":
            if request.headers.get("If-Match") != etag:
                return refuse(412, "revision_conflict", "Changed in the meantime.")
            body = json.loads(request.content)
            self.documents.append(body)
            record["metadata"] = merge(record["metadata"], body.get("metadata", {}))
            record["revision"] += 1
            if record["state"] != "draft":
                record |= {"state": "processing", "polls": 0}
        if request.method == "GET" and record["state"] == "processing":
            record["polls"] = record.get("polls", 0) + 1
            if record["polls"] > 1:
                record["state"] = "needs_attention" if self._errors() else "ready"
                record["findings"] = self.findings
        return httpx.Response(status, json=self._show(record), headers={"ETag": f'"{record["revision"]}"'})

    def _show(self, record: JsonObject) -> JsonObject:
        begun = [
            {
                "path": upload.path,
                "size": upload.size,
                "sha256": upload.sha256,
                "state": "uploading",
                "findings": [],
                "upload": f"{self.url}/api/v1/uploads/{key}",
                "offset": len(upload.content),
            }
            for key, upload in self.uploads.items()
            if upload.deposit == record["id"]
        ]
        shown = {**record, "files": [*record["files"], *begun]}
        if record["state"] == "processing":
            shown["progress"] = {"fraction": 0.5, "message": "Reading scan.raw"}
        return shown

    def _errors(self) -> bool:
        return any(finding["severity"] == "error" for finding in self.findings)

    def _act(self, parts: list[str], request: httpx.Request, record: JsonObject) -> httpx.Response:
        match parts:
            case ["files", *path]:
                return self._delete_file("/".join(path), record)
            case ["submit"]:
                if any(upload.deposit == record["id"] for upload in self.uploads.values()):
                    return refuse(409, "state_conflict", "Some files are not uploaded yet.")
                until = json.loads(request.content or b"{}").get("until", "converted")
                record |= {"state": "processing", "polls": 0, "read_until": until}
                return httpx.Response(202, json=self._show(record))
            case ["publish"]:
                return self._publish(request, record)
            case ["fates" | "grouping" | "roles" | "techniques" as what]:
                self.sorted.append((what, json.loads(request.content)))
                said = (
                    {"changed": 2} if what != "techniques" else {"change": "c0", "saved": 2, "unchanged": 0}
                )
                return httpx.Response(200, json=said)
            case _:
                return refuse(404, "not_found", "No such action.")

    def _take_sheet(self, request: httpx.Request, record: JsonObject) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, text=SHEET, headers={"content-type": "text/csv; charset=utf-8"})
        self.sorted.append(("sheet", json.loads(request.content)))
        return httpx.Response(200, json=record["sheet_outcome"])

    def _show_table(self, request: httpx.Request, record: JsonObject) -> httpx.Response:
        """Give out one row a page, so that a client has to follow."""
        rows, number = record.get("rows", []), int(request.url.params.get("cursor", "0"))
        following = (
            f"{request.url.copy_with(params={'cursor': number + 1})}" if number + 1 < len(rows) else None
        )
        return httpx.Response(200, json={"rows": rows[number : number + 1], "next": following})

    def _delete_file(self, path: str, record: JsonObject) -> httpx.Response:
        begun = [upload.path for upload in self.uploads.values() if upload.deposit == record["id"]]
        if path not in [*begun, *(file["path"] for file in record["files"])]:
            return refuse(404, "not_found", f"The deposit has no file {path}.")
        record |= {"state": "draft", "findings": []}
        record["files"] = [file for file in record["files"] if file["path"] != path]
        self.uploads = {
            key: upload
            for key, upload in self.uploads.items()
            if (upload.deposit, upload.path) != (record["id"], path)
        }
        return httpx.Response(204)

    def _publish(self, request: httpx.Request, record: JsonObject) -> httpx.Response:
        accepted = {one["code"] for one in json.loads(request.content)["accept_warnings"]}
        forbidding: dict[str, set[str]] = {"error": set(), "warning": accepted}
        blocking = [
            finding
            for finding in self.findings
            if finding["severity"] in forbidding and finding["code"] not in forbidding[finding["severity"]]
        ]
        if blocking:
            return refuse(422, "not_publishable", "Findings are in the way.", findings=blocking)
        record |= {"state": "published", "doi": f"10.5072/{record['id']}"}
        return httpx.Response(200, json=self._show(record))

    def _upload(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        if not parts:
            return self._begin_upload(request)
        upload = self.uploads.get(parts[0])
        if upload is None:
            return refuse(404, "not_found", "No such upload.")
        if request.method == "PATCH":
            return self._append(request, parts[0], upload)
        return httpx.Response(
            200, headers={"Upload-Offset": str(len(upload.content)), "Upload-Length": str(upload.size)}
        )

    def _begin_upload(self, request: httpx.Request) -> httpx.Response:
        pairs = (pair.split(" ") for pair in request.headers["Upload-Metadata"].split(","))
        values = {key: base64.b64decode(value).decode() for key, value in pairs}
        with self.lock:
            stored = self.deposits[values["deposit"]]["files"]
            if any(file["path"] == values["path"] and file["sha256"] == values["sha256"] for file in stored):
                return httpx.Response(200, headers={"Stemma-Already-Stored": "true"})
            if any(file["path"] == values["path"] for file in stored):
                return refuse(409, "path_taken", "Stored already with other bytes.")
            self.deposits[values["deposit"]]["state"] = "draft"
            for key, upload in self.uploads.items():
                if (upload.deposit, upload.path, upload.sha256) == (
                    values["deposit"],
                    values["path"],
                    values["sha256"],
                ):
                    headers = {
                        "Location": f"/api/v1/uploads/{key}",
                        "Upload-Offset": str(len(upload.content)),
                    }
                    return httpx.Response(201, headers=headers)
            running = self._find_running(values)
            if running and values.get("replace") != running:
                return refuse(409, "upload_running", "Other bytes are on their way.", upload=running)
            self.uploads.pop(running, None)
            key = f"u{len(self.requests)}"
            size = int(request.headers["Upload-Length"])
            self.uploads[key] = Upload(values["deposit"], values["path"], values["sha256"], size)
            if size == 0:
                self._complete(key)
        return httpx.Response(201, headers={"Location": f"/api/v1/uploads/{key}", "Upload-Offset": "0"})

    def _find_running(self, promised: dict[str, str]) -> str:
        """Return the upload of other bytes for the same path."""
        if not self.refuses_other_promises:
            return ""
        wanted = (promised["deposit"], promised["path"])
        return next((key for key, one in self.uploads.items() if (one.deposit, one.path) == wanted), "")

    def _append(self, request: httpx.Request, key: str, upload: Upload) -> httpx.Response:
        if int(request.headers["Upload-Offset"]) != len(upload.content):
            return refuse(409, "wrong_offset", "Not where the upload stands.")
        assert isinstance(request.stream, httpx.SyncByteStream)
        taken = 0
        for block in request.stream:
            with self.lock:
                if self.cut_after is not None and self.cuts_left > 0 and taken + len(block) > self.cut_after:
                    upload.content += block[: self.cut_after - taken]
                    self.cuts_left -= 1
                    raise httpx.WriteError("connection reset")
                if self.full_for > 0 and len(upload.content) + len(block) > self.full_after:
                    kept = block[: self.full_after - len(upload.content)]
                    upload.content += kept
                    self.bytes_received += len(kept)
                    self.full_for -= 1
                    return refuse(507, "disk_full", "The server's disk is full.")
                upload.content += block
                taken += len(block)
                self.bytes_received += len(block)
        if hashlib.sha256(upload.content).hexdigest() != upload.sha256:
            del self.uploads[key]
            return refuse(422, "digest_mismatch", "These are other bytes.")
        with self.lock:
            self._complete(key)
        return httpx.Response(204, headers={"Upload-Offset": str(upload.size)})

    def _complete(self, key: str) -> None:
        upload = self.uploads.pop(key)
        if upload.path in self.loses:
            self.loses.remove(upload.path)
            return
        files = self.deposits[upload.deposit]["files"]
        files[:] = [file for file in files if file["path"] != upload.path]
        files.append(
            {
                "path": upload.path,
                "size": upload.size,
                "sha256": upload.sha256,
                "state": "stored",
                "findings": [],
            }
        )
        self.contents[upload.deposit, upload.path] = bytes(upload.content)

    def _dataset(self, request: httpx.Request, parts: list[str]) -> httpx.Response:
        record = self.deposits.get(parts[0])
        if record is None or record["state"] != "published":
            return refuse(404, "not_found", "No such dataset.")
        if len(parts) == 1:
            return httpx.Response(200, json=self._show(record))
        return send_range(request, self.contents[parts[0], "/".join(parts[2:])])


def send_range(request: httpx.Request, content: bytes) -> httpx.Response:
    """Answer a GET with one byte range, as the byte routes do."""
    wanted = request.headers.get("Range", "")
    if not wanted:
        return httpx.Response(200, content=content)
    first, last = wanted.removeprefix("bytes=").split("-")
    start = int(first) if first else max(0, len(content) - int(last))
    stop = int(last) + 1 if first and last else len(content)
    return httpx.Response(206, content=content[start:stop])


def merge(target: Any, patch: Any) -> Any:
    """Merge as RFC 7396 writes it down."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def refuse(status: int, code: str, detail: str, **more: Any) -> httpx.Response:
    problem = {
        "type": "about:blank",
        "title": code,
        "status": status,
        "code": code,
        "detail": detail,
        "hint": "",
        **more,
    }
    return httpx.Response(
        status, content=json.dumps(problem), headers={"Content-Type": "application/problem+json"}
    )
