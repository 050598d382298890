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
