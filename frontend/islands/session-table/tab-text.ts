/** Cells as spreadsheets copy them: tabs between columns, lines below each other, quotes around what holds either. */

export function writeTabs(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => cells.map(quote).join("\t")).join("\n");
}

function quote(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** How many lines and columns a pasted text has; the server reads what stands in them. */
export function readTabs(text: string): string[][] {
  const lines: string[][] = [[]];
  let cell = "";
  let isQuoted = false;
  const end = (): void => {
    lines.at(-1)?.push(cell);
    cell = "";
  };
  const plain = text.replace(/\r\n?/g, "\n").replace(/\n$/, "");
  for (let at = 0; at < plain.length; at += 1) {
    const sign = plain.charAt(at);
    if (isQuoted) {
      if (sign === '"' && plain.charAt(at + 1) === '"') {
        cell += sign;
        at += 1;
      } else if (sign === '"') {
        isQuoted = false;
      } else {
        cell += sign;
      }
    } else if (sign === '"' && cell === "") {
      isQuoted = true;
    } else if (sign === "\t") {
      end();
    } else if (sign === "\n") {
      end();
      lines.push([]);
    } else {
      cell += sign;
    }
  }
  end();
  return lines;
}

const marks = [
  ["utf-16le", 0xff, 0xfe],
  ["utf-16be", 0xfe, 0xff],
] as const;

/** The text of a file as spreadsheets save it: UTF-8, UTF-16 by its mark, or the code page of Windows; null where it is none. */
export function decodeText(bytes: Uint8Array): string | null {
  const wide = marks.find(([, first, second]) => bytes[0] === first && bytes[1] === second)?.[0];
  const text = wide === undefined ? decodeNarrow(bytes) : new TextDecoder(wide).decode(bytes);
  return text.includes("\u0000") ? null : text;
}

function decodeNarrow(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
