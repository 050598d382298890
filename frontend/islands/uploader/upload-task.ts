/** One file on its way: a tus upload with its state, resumed by path, size and time of change. */
import { type DetailedError, Upload, type UploadOptions } from "tus-js-client";
import { type Problem, describeProblem, parseProblem } from "../api/problem";
import type { ChosenFile } from "./chosen-files";
import { PackedStore, StoreChangedError } from "./packed-store";

export type UploadState = "waiting" | "sending" | "paused" | "done" | "present" | "failed";

const retryDelays = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000, 60_000, 60_000];
const largestHashedHere = 64 * 1024 * 1024;
const pieceBytes = 16 * 1024 * 1024;

export function fingerprint(deposit: string, path: string, file: { size: number; lastModified: number }): string {
  return ["stemma", deposit, path, file.size, file.lastModified].join("|");
}

function hex(buffer: ArrayBuffer): string {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Small files get their digest here, so that the server can refuse damage; large ones are hashed as they are written. */
async function smallDigest(file: ChosenFile["file"]): Promise<string | null> {
  if (file.size > largestHashedHere || !globalThis.isSecureContext) {
    return null;
  }
  const whole = file instanceof PackedStore ? await file.slice(0, file.size) : file;
  return hex(await crypto.subtle.digest("SHA-256", await whole.arrayBuffer()));
}

/** How the tus client reads a store: piece by piece, each of one request. */
function readingOf(file: ChosenFile["file"]): Pick<UploadOptions, "chunkSize" | "fileReader"> {
  return file instanceof PackedStore
    ? { chunkSize: pieceBytes, fileReader: { openFile: () => Promise.resolve(file.asSource()) } }
    : {};
}

/** What was read is not what was chosen; no repetition mends that. */
function findChange(error: unknown): StoreChangedError | null {
  const cause = error instanceof Error && "causingError" in error ? error.causingError : error;
  return cause instanceof StoreChangedError ? cause : null;
}

function readAnswer(error: Error | DetailedError): Problem | null {
  const response = "originalResponse" in error ? error.originalResponse : null;
  return response ? parseProblem(response.getStatus(), response.getBody()) : null;
}

function reasonOf(problem: Problem | null): string {
  return problem
    ? describeProblem(problem)
    : "The connection broke and did not come back. What arrived is kept: retry to go on from there.";
}

const noRoom = 507;

const permanent = ["path_clash", "path_taken"];

/** Whether the server said that it does not take the file; two writers at one upload, or a busy one, pass by themselves. */
export function isRefusal({ status, code }: Pick<Problem, "status" | "code">): boolean {
  return permanent.includes(code) || (status >= 400 && status < 500 && status !== 409 && status !== 423);
}

/** What passes by itself in seconds is tried again unasked; a full disk waits for its operator, so the person is told. */
export function isWorthRetrying(answer: Pick<Problem, "status" | "code"> | null, isOnline: boolean): boolean {
  return isOnline && (answer === null || (!isRefusal(answer) && answer.status !== noRoom));
}

export class UploadTask {
  state: UploadState = "waiting";
  sent = 0;
  problem = "";
  isRefused = false;
  private upload: Upload | null = null;

  constructor(
    readonly chosen: ChosenFile,
    private readonly target: { deposit: string; endpoint: string },
    private readonly onChange: (task: UploadTask) => void,
  ) {}

  get path(): string {
    return this.chosen.path;
  }

  get size(): number {
    return this.chosen.file.size;
  }

  async start(): Promise<void> {
    this.change("sending");
    const upload = this.upload ?? (await this.createUpload().catch((error: unknown) => this.fail(error)));
    if (!upload) {
      return;
    }
    this.upload = upload;
    // A pause may have come while the digest was computed.
    if (this.isSending()) {
      upload.start();
    }
  }

  async pause(): Promise<void> {
    this.change("paused");
    await this.upload?.abort();
  }

  /** Give up this file; what the server holds of it is removed. */
  async discard(): Promise<void> {
    await this.upload?.abort(true);
  }

  markPresent(): void {
    this.sent = this.size;
    this.change("present");
  }

  private isSending(): boolean {
    return this.state === "sending";
  }

  private change(state: UploadState): void {
    this.state = state;
    if (state !== "failed") {
      this.problem = "";
      this.isRefused = false;
    }
    this.onChange(this);
  }

  private fail(error: unknown): null {
    const change = findChange(error);
    const answer = change === null && error instanceof Error ? readAnswer(error) : null;
    this.problem = change?.message ?? reasonOf(answer);
    this.isRefused = change !== null || (answer !== null && isRefusal(answer));
    if (change) {
      void this.upload?.abort(true).catch(() => undefined); // its first bytes are of no use to anybody
    }
    this.change("failed");
    return null;
  }

  private async createUpload(): Promise<Upload> {
    const { file, path } = this.chosen;
    const digest = await smallDigest(file);
    const upload = new Upload(file as File, {
      ...readingOf(file),
      endpoint: this.target.endpoint,
      retryDelays,
      metadata: {
        deposit: this.target.deposit,
        path,
        size: String(file.size),
        ...(digest ? { sha256: digest } : {}),
      },
      fingerprint: () => Promise.resolve(fingerprint(this.target.deposit, path, file)),
      removeFingerprintOnSuccess: true,
      onShouldRetry: (error) => !findChange(error) && isWorthRetrying(readAnswer(error), navigator.onLine),
      onProgress: (sent) => {
        this.sent = sent;
        this.onChange(this);
      },
      onSuccess: () => {
        this.sent = this.size;
        this.change("done");
      },
      onError: (error) => this.fail(error),
    });
    const [previous] = await upload.findPreviousUploads();
    if (previous) {
      upload.resumeFromPreviousUpload(previous);
    }
    return upload;
  }
}
