// @ts-check
// The bar above a run: its state, when and by what, and what can be done with it. A button stays
// the same element while the run goes on, so that it takes a click however fast tasks end; the live
// time is the run view's to tick.

import { copyText } from '../lib/clipboard.js';
import { h, fill, setText } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { commandKey } from '../lib/keys.js';
import { duration, plural, running, sentence } from '../lib/format.js';
import { longWhen } from '../lib/days.js';
import { confirmAt, openMenu } from '../lib/popover.js';
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
  #state = h('span', { class: 'run-state' });
  #meta = h('span', { class: 'run-meta numeric cut' });
  #actions = h('span', { class: 'run-actions' });
  #enoughWords = h('span', { class: 'enough-words' });
  #enough = h('button', { type: 'button', class: 'button', onclick: () => this.#send('stop-tasks') }, icon('pen-line', { size: 15 }), this.#enoughWords);
  #cancel = h('button', { type: 'button', class: 'button', 'data-testid': 'cancel', title: `End this run (${commandKey('.')}); Escape only closes what is open`, onclick: () => this.#send('cancel-run') }, icon('square', { size: 13 }), 'Cancel run', h('kbd', { class: 'key' }, commandKey('.')));
  #stateShape = '';
  #shape = '';
  /** @type {Send} */
  #send;

  /** @param {Send} send */
  constructor(send) {
    this.#send = send;
    this.element.append(this.#state, this.#meta, h('span', { class: 'grow' }), this.#actions);
  }

  /** @param {Run} run */
  show(run) {
    this.tick(run);
    this.#showState(run);
    const live = run.state === 'running';
    if (live) this.#showEnough(counts(run));
    const shape = [run.runId, run.state, !live && run.answer !== ''].join();
    if (shape === this.#shape) return;
    this.#shape = shape;
    const inside = this.#actions.contains(document.activeElement);
    fill(this.#actions, live ? [this.#enough, this.#cancel, this.#panel()] : this.#ended(run));
    if (inside && !live) this.#actions.querySelector('button')?.focus();
  }

  /** @param {Run} run */
  #showState(run) {
    const approval = run.state === 'running' && run.approval.open.length > 0;
    const shape = [run.runId, run.state, approval].join();
    if (shape === this.#stateShape) return;
    this.#stateShape = shape;
    const [name, tone] = stateIcons[approval ? 'approval' : run.state];
    fill(this.#state, icon(name, { class: tone }), h('span', { class: tone === 'tone-ok' || tone === 'tone-quiet' ? '' : tone }, stateName(run)));
  }

  /** @param {ReturnType<typeof counts>} count */
  #showEnough({ completed, open }) {
    const words = `Answer from ${plural(completed, 'result')}`;
    setText(this.#enoughWords, words);
    this.#enough.title = words;
    const hidden = completed === 0 || open === 0;
    // Never to Cancel: the key that was meant for the answer may still be down.
    const left = hidden && document.activeElement === this.#enough;
    this.#enough.hidden = hidden;
    if (!left) return;
    const toggle = /** @type {HTMLElement | null} */ (this.#actions.querySelector('.panel-toggle'));
    toggle?.focus();
    // Beside an open evidence panel there is no toggle to see.
    const below = this.element.nextElementSibling;
    if (document.activeElement !== toggle && below instanceof HTMLElement) below.focus({ preventScroll: true });
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
  #ended(run) {
    const plain = (/** @type {string} */ shape, /** @type {string} */ label, /** @type {(event: Event) => void} */ act) =>
      h('button', { type: 'button', class: 'button plain', title: label, onclick: act }, icon(shape, { size: 15 }), h('span', { class: 'action-label' }, label));
    const answered = run.answer !== '';
    return [
      answered && plain('copy', 'Copy', (event) => this.#copy(buttonOf(event), run.answer)),
      !answered && run.state === 'failed' && plain('copy', 'Copy details', (event) => this.#export(buttonOf(event), run, 'md')),
      run.state === 'failed' && plain('scroll-text', 'Open log', () => openLogs().catch((error) => this.#send('say', { text: said(error) }))),
      plain('download', 'Export', (event) => this.#exportMenu(event, run)),
      h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Delete this run', title: 'Delete', onclick: (/** @type {Event} */ event) => this.#delete(event, run) }, icon('trash', { size: 15 })),
      h('button', { type: 'button', class: 'button', title: 'Ask the same question again', onclick: () => this.#send('again') }, icon('rotate-cw', { size: 15 }), 'Again'),
      this.#panel(),
    ];
  }

  #panel() {
    return h('button', { type: 'button', class: 'icon-button panel-toggle', 'aria-label': 'Show the evidence', title: 'Evidence', onclick: () => this.#send('toggle-evidence') }, icon('panel-right'));
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
