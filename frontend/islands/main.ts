/** The one entry: styles, htmx, and each island's element, loaded only on pages that hold it. */
import "../styles/stemma.css";
import "htmx.org";
import "./copy-button";
import "./local-time";
import { followChanges } from "./page-sections";

const islands: Record<string, () => Promise<unknown>> = {
  "stemma-uploader": () => import("./uploader/element"),
  "stemma-pattern-viewer": () => import("./pattern-viewer/element"),
  "stemma-job-progress": () => import("./job-progress"),
  "stemma-description": () => import("./description/element"),
  "stemma-files": () => import("./deposit-files"),
  "stemma-deposit-actions": () => import("./deposit-actions"),
  "stemma-recipe-form": () => import("./recipe-form/element"),
  "stemma-session-table": () => import("./session-table/element"),
  "stemma-search-filters": () => import("./search-filters"),
};

function loadIslands(scope: ParentNode): void {
  for (const [name, load] of Object.entries(islands)) {
    if (!customElements.get(name) && scope.querySelector(name)) {
      void load();
    }
  }
}

loadIslands(document);
followChanges();
document.addEventListener("htmx:after:swap", () => loadIslands(document));
document.addEventListener("stemma:sections", () => loadIslands(document));
