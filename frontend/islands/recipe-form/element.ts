/** <stemma-recipe-form>: asks for a recipe with its parameters, says how far that is, and shows what came of it. */
import { requestJson, RequestRefusedError } from "../api/request";
import type { Job, Product, ReductionList, ReductionRequest } from "../api/shapes";
import { chooseMade, describeJob, isOver, type Parameters } from "./made";

const shortestPause = 500;
const longestPause = 5000;

class RecipeForm extends HTMLElement {
  private isAtWork = false;

  connectedCallback(): void {
    const form = this.querySelector("form");
    const button = this.querySelector<HTMLButtonElement>("button[type=submit]");
    if (!form || !button) {
      return;
    }
    button.disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.compute(form, button);
    });
  }

  private async compute(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
    if (this.isAtWork) {
      return;
    }
    const inputs = [...form.querySelectorAll<HTMLInputElement>("input[type=number]")];
    const parameters = Object.fromEntries(inputs.map((input) => [input.name, input.valueAsNumber]));
    this.isAtWork = true;
    button.setAttribute("aria-disabled", "true"); // disabled it would lose the focus
    try {
      const job = await this.follow(await this.ask(parameters));
      if (job.state === "done") {
        await this.showMade(parameters);
      } else {
        this.say(describeJob(job));
      }
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
    } finally {
      this.isAtWork = false;
      button.removeAttribute("aria-disabled");
      this.progress(null);
    }
  }

  private get address(): string {
    return `/api/v1/measurements/${this.dataset.measurement ?? ""}/reductions/`;
  }

  private async ask(parameters: Parameters): Promise<Job> {
    this.say("Asking …");
    const body: ReductionRequest = { recipe: this.dataset.recipe ?? "", parameters };
    return (await requestJson<Job>(this.address, { method: "POST", body })).body;
  }

  /** Ask again until the job is over; a server that does not answer for a moment ends nothing. */
  private async follow(asked: Job): Promise<Job> {
    let job = asked;
    let pause = shortestPause;
    while (!isOver(job)) {
      this.say(describeJob(job));
      this.progress(job.fraction);
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(longestPause, pause * 1.2);
      try {
        job = (await requestJson<Job>(`/api/v1/jobs/${asked.id}/`)).body;
      } catch (error) {
        if (error instanceof RequestRefusedError) {
          throw error;
        }
        this.say("The server does not answer at the moment. The work goes on; this page keeps asking.");
      }
    }
    return job;
  }

  private async showMade(parameters: Parameters): Promise<void> {
    const { body } = await requestJson<ReductionList>(`${this.address}${this.dataset.recipe ?? ""}/`).catch((error: unknown) => {
      if (error instanceof RequestRefusedError && error.problem.status === 404) {
        return { body: { results: [] } };
      }
      throw error;
    });
    const made = chooseMade(body.results, parameters);
    this.querySelector("[data-part=made]")?.replaceChildren(...made.filter(({ kind }) => kind === "preview").map(buildFigure));
    const arrays = made.filter(({ kind }) => kind === "array").length;
    this.say(arrays > 0 ? `Done: ${arrays} ${arrays === 1 ? "array" : "arrays"} made.` : "Nothing came of it; the checks say why.");
  }

  private say(words: string): void {
    const line = this.querySelector<HTMLElement>("[data-part=status]");
    if (line && line.textContent !== words) {
      line.textContent = words;
    }
  }

  private progress(fraction: number | null): void {
    const bar = this.querySelector("progress");
    if (bar) {
      bar.hidden = fraction === null;
      bar.value = fraction ?? 0;
    }
  }
}

function buildFigure(product: Product): HTMLElement {
  const figure = document.createElement("figure");
  const link = document.createElement("a");
  const image = document.createElement("img");
  const caption = document.createElement("figcaption");
  // The host may be another one than that of the session.
  link.href = image.src = new URL(product.lasting_url, location.href).pathname;
  image.alt = product.title;
  caption.textContent = product.title;
  link.append(image);
  figure.append(link, caption);
  return figure;
}

customElements.define("stemma-recipe-form", RecipeForm);
