/** What this browser began to send for a deposit and did not finish, with what the server holds of it. */
export interface UnfinishedUpload {
  path: string;
  size: number;
  stored: number;
}

const prefix = "tus::";

interface StoredRecord {
  deposit: string;
  path: string;
  size: number;
  url: string;
}

export function parseStoredUpload(value: string): StoredRecord | null {
  try {
    const record = JSON.parse(value) as { metadata?: Record<string, string>; size?: number; uploadUrl?: string };
    const { deposit, path } = record.metadata ?? {};
    if (!deposit || !path || !record.uploadUrl || typeof record.size !== "number") {
      return null;
    }
    return { deposit, path, size: record.size, url: record.uploadUrl };
  } catch {
    return null;
  }
}

async function storedOffset(url: string): Promise<number | null> {
  const response = await fetch(url, {
    method: "HEAD",
    headers: { "Tus-Resumable": "1.0.0" },
    credentials: "same-origin",
  }).catch(() => null);
  const offset = response?.ok ? response.headers.get("Upload-Offset") : null;
  return offset === null ? null : Number(offset);
}

export async function listUnfinishedUploads(deposit: string): Promise<UnfinishedUpload[]> {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  const records = keys
    .map((key) => parseStoredUpload(localStorage.getItem(key) ?? ""))
    .filter((record) => record !== null)
    .filter((record) => record.deposit === deposit);
  const found: UnfinishedUpload[] = [];
  for (const record of records) {
    const stored = await storedOffset(record.url);
    if (stored !== null && stored < record.size) {
      found.push({ path: record.path, size: record.size, stored });
    }
  }
  return found;
}
