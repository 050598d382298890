/** <time datetime="…">: shown in the reader's own zone, the exact instant stays in the attribute and title. */
for (const element of document.querySelectorAll<HTMLTimeElement>("time[data-local]")) {
  const instant = new Date(element.dateTime);
  if (!Number.isNaN(instant.getTime())) {
    element.title = element.dateTime;
    element.textContent = instant.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }
}
