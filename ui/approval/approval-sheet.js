// @ts-check
// <approval-sheet>: the calls of a run that wait for the person, at the bottom of the run view. The
// timeline above stays live. One call has two verbs; several have ticks, of which those that may
// destroy or send something out start unticked. Sends `approve` {runId, approved, denied, always}.

import { send } from '../lib/dom.js';
import { plural } from '../lib/format.js';
import { draw, each, glyph, held, html, nothing, once } from '../lib/view.js';
import { visible } from '../lib/visible.js';
import { alwaysOf, decision, effects, list, reason, sendsFrom, startsTicked, title, untrusted, verbs } from './approval.js';
import { argumentsLine, seen } from './approval-arguments.js';
import { strangeServer } from './approval-server.js';

/** @typedef {import('../run/live/types.js').Run} Run */
/** @typedef {import('../run/live/types.js').Task} Task */

/** What came in under the pointer was not read before this, so that no button acts until then. */
const READ_MS = 500;

/** @type {Record<import('./approval.js').Effect, [shape: string, tone: string, words: string]>} */
const kinds = {
  sends: ['external-link', 'tone-warn', 'Sends results on'],
  changes: ['pencil', 'tone-warn', 'Changes data'],
  destroys: ['trash', 'tone-bad', 'Destructive'],
  untrusted: ['server', 'tone-warn', 'Not trusted yet'],
  unknown: ['triangle-alert', 'tone-bad', 'May be destructive'],
};

class ApprovalSheet extends HTMLElement {
  #runId = '';
  #shape = '';
  /** @type {Task[]} */
  #open = [];
  /** @type {Map<number, boolean>} what the person ticked */
  #ticked = new Map();
  /** @type {Set<string>} tools that are always allowed from now on */
  #always = new Set();
  /** @type {Map<number, Set<string>>} arguments that were asked for whole */
  #whole = new Map();
  /** Tasks that are not asked about. */
  #others = 0;
  #read = false;
  #reading = 0;
  #size = new ResizeObserver(() => this.parentElement?.style.setProperty('--sheet', `${this.offsetHeight}px`));

  connectedCallback() {
    this.#size.observe(this);
  }

  disconnectedCallback() {
    this.#size.disconnect();
  }

  /** @param {Run} run */
  set run(run) {
    const open = run.state === 'running' ? run.approval.open : [];
    const shape = `${run.runId}/${open.join()}`;
    if (shape === this.#shape) return;
    this.#shape = shape;
    this.#open = open.map((index) => run.tasks[index]).filter((task) => task !== undefined);
    this.#others = run.tasks.length - this.#open.length;
    this.hidden = !this.isOpen;
    if (this.hidden || run.runId !== this.#runId) this.#forget(run.runId);
    for (const task of this.#open) if (!this.#ticked.has(task.index)) this.#ticked.set(task.index, startsTicked(task));
    clearTimeout(this.#reading);
    this.#read = false;
    const inside = this.contains(document.activeElement);
    this.#show();
    // What had the focus may be gone with its call.
    if (inside && !this.contains(document.activeElement)) this.focus();
    if (this.isOpen) this.#reading = window.setTimeout(() => this.#wasRead(), READ_MS);
  }

  /** Decides on what is on show. */
  answer() {
    if (!this.#read || !this.#verbs().can) return;
    this.#send(decision(this.#open, (task) => this.#runs(task), (task) => this.#always.has(toolKey(task))));
  }

  get isOpen() {
    return this.#open.length > 0;
  }

  focus() {
    /** @type {HTMLElement | null} */ (this.firstElementChild)?.focus({ preventScroll: true });
  }

  /** @param {string} runId */
  #forget(runId) {
    this.#runId = runId;
    this.#ticked.clear();
    this.#always.clear();
    this.#whole.clear();
  }

  #wasRead() {
    this.#read = true;
    this.#show();
  }

  /** A single call has no tick: allowing it is what its button does. @param {Task} task */
  #runs(task) {
    return this.#open.length === 1 || this.#ticked.get(task.index) === true;
  }

  #verbs() {
    const ticked = this.#open.filter((task) => this.#runs(task)).length;
    return verbs(this.#open, ticked, this.#always.has(toolKey(this.#open[0])));
  }

  #denyAll() {
    if (this.#read) this.#send({ approved: [], denied: this.#open.map((task) => task.index), always: [] });
  }

  #show() {
    draw(this, this.isOpen ? this.#sheet() : nothing);
  }

  /** A button that does not act yet is not `disabled`: it would lose the focus. */
  #sheet() {
    const words = visible(title(this.#open));
    const why = visible(reason(this.#open));
    const others = this.#others;
    const rest = others === 0 ? '' : others === 1 ? 'The other task goes on. ' : `The other ${plural(others, 'task')} go on. `;
    const { allow, deny, can } = this.#verbs();
    return html`<section class="sheet" role="dialog" aria-modal="false" aria-label=${words} tabindex="-1" data-testid="approval">
      <div class="sheet-head">${glyph('hand', { size: 18, class: 'tone-warn' })}<div>
        <h2 class="sheet-title">${words}</h2>
        <p class="sheet-text">${rest}${this.#open.length === 1 ? 'A call that you deny is named in the answer.' : 'Unticked calls are skipped and named in the answer.'}</p>
      </div></div>
      <ul class="sheet-calls">
        ${each(this.#open, (task) => task.index, (task) => this.#call(task))}
        ${each(untrusted(this.#open), (server) => server, (server) => html`<li class="sheet-call">${once([this.#shape], () => strangeServer(server))}</li>`)}
      </ul>
      <div class="sheet-foot">
        ${glyph('shield-check', { size: 15, class: 'tone-quiet' })}<span class="grow"><span class="sheet-reason" title=${why}>${why}</span></span>
        <button type="button" class="button" data-testid="deny" aria-disabled=${!this.#read} @click=${() => this.#denyAll()}>${deny}</button>
        <button type="button" class="button primary" data-testid="approve" aria-disabled=${!this.#read || !can} @click=${() => this.answer()}>${allow}<kbd class="key">Ctrl ↵</kbd></button>
      </div>
    </section>`;
  }

  /** @param {Task} task */
  #call(task) {
    const { index, tool } = task;
    const server = task.server ?? 'unknown';
    const sources = sendsFrom(task);
    const whole = this.#whole.get(index) ?? new Set();
    this.#whole.set(index, whole);
    return html`<li class="sheet-call">
      ${this.#open.length > 1 ? this.#tick(task) : nothing}
      <div class="grow">
        <p class="sheet-call-head">
          <span class="tone-quiet numeric">${index + 1}</span><strong class="cut" title=${visible(tool)}>${seen(tool)}</strong><span class="badge">${seen(server)}</span>${effects(task).map(kind)}
        </p>
        ${task.asked?.tool?.changed ? html`<p class="sheet-changed">${glyph('triangle-alert', { size: 13 })}Its definition changed since you allowed it</p>` : nothing}
        ${sources.length > 0 ? html`<p class="sheet-sends" data-testid="sends">What ${seen(list(sources))} answered goes to ${seen(server)}, which reaches out into the world.</p>` : nothing}
        ${argumentsLine(task.arguments, whole, () => this.#show())}
      </div>
      ${alwaysOf(task) === null ? nothing : this.#alwaysBox(task)}
    </li>`;
  }

  /** @param {Task} task */
  #tick({ index, tool }) {
    const change = (/** @type {any} */ { target }) => {
      this.#ticked.set(index, target.checked);
      this.#show();
    };
    const words = `Allow task ${index + 1}, ${visible(tool)}`;
    const ticked = held(this.#ticked.get(index) === true);
    return html`<input type="checkbox" class="tick" aria-label=${words} data-testid="approval-tick" data-index=${index} .checked=${ticked} @change=${change}>`;
  }

  /** One for the tool, wherever it stands: it is ticked for each of its calls that is to run. @param {Task} task */
  #alwaysBox(task) {
    const key = toolKey(task);
    const runs = this.#runs(task);
    const change = (/** @type {any} */ { target }) => {
      if (target.checked) this.#always.add(key);
      else this.#always.delete(key);
      this.#show();
    };
    const words = `Always allow ${visible(task.tool)} of ${visible(task.server ?? '')}`;
    const ticked = held(runs && this.#always.has(key));
    return html`<label class="sheet-always">
      <input type="checkbox" class="tick" aria-label=${words} data-testid="always-allow" data-index=${task.index} ?disabled=${!runs} .checked=${ticked} @change=${change}>Always allow
    </label>`;
  }

  /** @param {ReturnType<typeof decision>} decided */
  #send(decided) {
    send(this, 'approve', { runId: this.#runId, ...decided });
  }
}

/** @param {Task} task */
function toolKey(task) {
  return JSON.stringify(alwaysOf(task));
}

/** @param {import('./approval.js').Effect} effect */
function kind(effect) {
  const [shape, tone, words] = kinds[effect];
  return html`<span class=${`sheet-kind ${tone}`} data-effect=${effect}>${glyph(shape, { size: 13 })}${words}</span>`;
}

customElements.define('approval-sheet', ApprovalSheet);
export { ApprovalSheet };
