// @ts-check
// The bar above a run: its state, when and by what, and what can be done with it. The live time is
// the run view's to tick.

import { copyText } from '../lib/clipboard.js';
import { h, setText } from '../lib/dom.js';
import { commandKey } from '../lib/keys.js';
import { duration, plural, running, sentence } from '../lib/format.js';
import { longWhen } from '../lib/days.js';
import { confirmAt, openMenu } from '../lib/popover.js';
import { draw, each, glyph, html, nothing, once } from '../lib/view.js';
import { exportRun, openLogs, said, saveExport } from '../api.js';
import { askedMs } from './asked-time.js';
import { runNow } from './live/run-clock.js';
import { counts, plannerName, stateName } from './run-facts.js';
import { deleteRun } from '../history/history.js';
import { stateIcons } from '../history/history-row.js';

/** @typedef {import('./live/types.js').Run} Run */
/** @typedef {(name: string, detail?: any) => void} Send */

export class RunBar {
  element = h('header', { class: 'top-bar run-bar' });
  #meta = h('span', { class: 'run-meta numeric cut' });
  #send;

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {Run} run */
  show(run) {
    this.tick(run);
    const live = run.state === 'running';
    const [name, tone] = stateIcons[live && run.approval.open.length > 0 ? 'approval' : run.state];
    const before = document.activeElement;
    const inside = this.element.contains(before);
    // Another run's buttons are others: who has one down must not let go on this one's.
    const actions = html`<span class="run-actions">
      ${live ? this.#live(run) : this.#ended(run)}
      <button type="button" class="icon-button panel-toggle" aria-label="Show the evidence" title="Evidence" @click=${() => this.#send('toggle-evidence')}>${glyph('panel-right')}</button>
    </span>`;
    draw(
      this.element,
      html`<span class="run-state">${glyph(name, { class: tone })}<span class=${tone === 'tone-ok' || tone === 'tone-quiet' ? '' : tone}>${stateName(run)}</span></span>
        ${this.#meta}<span class="grow"></span>${each([actions], () => run.runId, () => actions)}`,
    );
    if (inside && before instanceof HTMLElement && (live ? before.hidden : !before.isConnected)) this.#goOn(live);
  }

  /** Whoever was on a button that is no more. Never to Cancel: the key that was meant for the answer may still be down. @param {boolean} live */
  #goOn(live) {
    const next = /** @type {HTMLElement | null} */ (this.element.querySelector(live ? '.panel-toggle' : 'button'));
    next?.focus();
    // Beside an open evidence panel there is no toggle to see.
    const below = this.element.nextElementSibling;
    if (document.activeElement !== next && below instanceof HTMLElement) below.focus({ preventScroll: true });
  }

  /** The live time. @param {Run} run */
  tick(run) {
    const nowMs = runNow(run);
    const parts = [];
    if (run.state === 'running') parts.push(running(nowMs - askedMs(run, nowMs)));
    else if (run.startedAt !== null) parts.push(longWhen(new Date(run.startedAt), new Date()));
    if (run.state === 'failed') parts.push(duration(run.nowMs));
    const planner = plannerName(run);
    const answered = run.state === 'finished' || run.state === 'partial';
    if (!answered && planner !== null) parts.push(planner);
    const ready = run.servers.filter((server) => server.ready).length;
    if (!answered && run.state !== 'failed' && ready > 0) parts.push(plural(ready, 'server'));
    setText(this.#meta, parts.join(' · '));
  }

  /** @param {Run} run */
  #live(run) {
    const { completed, open } = counts(run);
    const end = `End this run (${commandKey('.')}); Escape only closes what is open`;
    const enough = `Answer from ${plural(completed, 'result')}`;
    return html`<button type="button" class="button" title=${enough} ?hidden=${completed === 0 || open === 0} @click=${() => this.#send('stop-tasks')}>
        ${glyph('pen-line', { size: 15 })}<span class="enough-words">${enough}</span>
      </button>
      <button type="button" class="button" data-testid="cancel" title=${end} @click=${() => this.#send('cancel-run')}>${glyph('square', { size: 13 })}Cancel run<kbd class="key">${commandKey('.')}</kbd></button>`;
  }

  /** @param {Run} run */
  #ended(run) {
    // The label is no part of the view: how it went stands there for a while.
    const plain = (/** @type {string} */ shape, /** @type {string} */ label, /** @type {(event: Event) => void} */ act) =>
      html`<button type="button" class="button plain" title=${label} @click=${act}>${glyph(shape, { size: 15 })}${once([label], () => h('span', { class: 'action-label' }, label))}</button>`;
    const failed = run.state === 'failed';
    const details = failed ? plain('copy', 'Copy details', (event) => this.#export(buttonOf(event), run, 'md')) : nothing;
    return html`${run.answer !== '' ? plain('copy', 'Copy', (event) => this.#copy(buttonOf(event), run.answer)) : details}
      ${failed ? plain('scroll-text', 'Open log', () => openLogs().catch((error) => this.#send('say', { text: said(error) }))) : nothing}
      ${plain('download', 'Export', (event) => this.#exportMenu(event, run))}
      <button type="button" class="icon-button" aria-label="Delete this run" title="Delete" @click=${(/** @type {Event} */ event) => this.#delete(event, run)}>${glyph('trash', { size: 15 })}</button>
      <button type="button" class="button" title="Ask the same question again" @click=${() => this.#send('again')}>${glyph('rotate-cw', { size: 15 })}Again</button>`;
  }

  /** How it went stands in the button for a while, or where its label is hidden, apart. @param {HTMLElement} button @param {string | Promise<string>} text */
  async #copy(button, text) {
    const copied = await copyText(text);
    const label = button.querySelector('.action-label');
    if (!(label instanceof HTMLElement) || label.offsetParent === null) {
      this.#send('say', { text: copied ? 'Copied to the clipboard.' : 'The clipboard could not be written.' });
      return;
    }
    setText(label, copied ? 'Copied' : 'Not copied');
    setTimeout(() => setText(label, button.title), 1500);
  }

  /** @param {Event} event @param {Run} run */
  #exportMenu(event, run) {
    const anchor = buttonOf(event);
    const copyAs = (/** @type {'md' | 'json'} */ format) => () => this.#export(anchor, run, format);
    const saveAs = (/** @type {'md' | 'json'} */ format) => () => this.#save(run, format);
    const short = run.answer !== '' ? 'answer and sources' : 'tasks and sources';
    openMenu(
      anchor,
      [
        { label: 'Save as Markdown', icon: 'download', note: short, run: saveAs('md') },
        { label: 'Save as JSON', icon: 'download', note: 'everything', run: saveAs('json') },
        { label: 'Copy as Markdown', icon: 'copy', note: short, run: copyAs('md') },
        { label: 'Copy as JSON', icon: 'copy', note: 'everything', run: copyAs('json') },
      ],
      { align: 'end', label: 'Export' },
    );
  }

  /** @param {Run} run @param {'md' | 'json'} format */
  async #save(run, format) {
    try {
      this.#send('say', { text: `Saved as ${await saveExport(run.runId, format)}` });
    } catch (error) {
      this.#send('say', { text: sentence(said(error)) });
    }
  }

  /** @param {HTMLElement} button @param {Run} run @param {'md' | 'json'} format */
  async #export(button, run, format) {
    try {
      await this.#copy(button, exportRun(run.runId, format));
    } catch (error) {
      this.#send('say', { text: said(error) });
    }
  }

  /** @param {Event} event @param {Run} run */
  #delete(event, run) {
    confirmAt(buttonOf(event), {
      title: 'Delete this run?',
      text: 'Its tasks, results and answer go with it. Log files expire on their own after 7 days.',
      action: 'Delete',
      danger: true,
      align: 'end',
      run: () =>
        deleteRun(run.runId)
          .then(() => this.#send('deleted-run', { runId: run.runId }))
          .catch((error) => this.#send('say', { text: said(error) })),
    });
  }
}

/** @param {Event} event */
function buttonOf(event) {
  return /** @type {HTMLElement} */ (event.currentTarget);
}
