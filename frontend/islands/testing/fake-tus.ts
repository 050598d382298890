/** Stands in for tus-js-client in tests: what would be sent is noted, and the test says what the server does. */
export interface Options {
  endpoint: string;
  metadata: Record<string, string>;
  fingerprint: () => Promise<string>;
  onShouldRetry: (error: Error) => boolean;
  onProgress: (sent: number) => void;
  onSuccess: () => void;
  onError: (error: Error) => void;
}

/** Every upload that was made since `forget`. */
export const made: Upload[] = [];

/** What this browser began to send in a former visit. */
export const previous: unknown[] = [];

export class Upload {
  starts = 0;
  aborts: (boolean | undefined)[] = [];
  resumed: unknown = null;

  constructor(
    readonly file: File,
    readonly options: Options,
  ) {
    made.push(this);
  }

  start(): void {
    this.starts += 1;
  }

  abort(shouldTerminate?: boolean): Promise<void> {
    this.aborts.push(shouldTerminate);
    return Promise.resolve();
  }

  findPreviousUploads(): Promise<unknown[]> {
    return Promise.resolve(previous);
  }

  resumeFromPreviousUpload(found: unknown): void {
    this.resumed = found;
  }
}

export function forget(): void {
  made.length = 0;
  previous.length = 0;
}

/** The fault that the tus client gives for an answer of the server. */
export function answered(status: number, body: unknown): Error {
  return Object.assign(new Error("tus"), {
    originalResponse: { getStatus: () => status, getBody: () => JSON.stringify(body) },
  });
}

/** The upload of a file, which was made. */
export function uploadOf(path: string): Upload {
  const found = made.find(({ options }) => options.metadata.path === path);
  if (!found) {
    throw new Error(`Nobody sends ${path}, only ${made.map(({ options }) => options.metadata.path).join(", ")}.`);
  }
  return found;
}
