// @ts-check
// <trawl-app>: the window. Holds the three regions, follows the address (`#/run/ID`,
// `#/settings/SECTION`), so that a reloaded page finds its run again, and owns the global keys.

import { ask, said } from '../api.js';
import { copyText } from '../lib/clipboard.js';
import { h, setText } from '../lib/dom.js';
import { onEscape } from '../lib/escape.js';
import { isCommand } from '../lib/keys.js';
import { openPopover } from '../lib/popover.js';
import { giveBack, keepDraft, onFollowUpDue } from '../ask/follow-ups.js';
import { reloadHistory } from '../history/history.js';
import { preference, setPreference, settingsKnown, startServers } from '../settings/servers/servers.js';
import { chooseTheme, themeOfSettings } from './theme.js';
import { askLink } from './ask-link.js';
import { showCitationCards } from '../run/answer/citation-card.js';
import './command-palette.js';
import '../evidence/evidence-panel.js';
import '../history/history-rail.js';
import '../run/run-view.js';
import '../settings/settings-view.js';
import '../ask/start-page.js';

const NARROW = 1000;
const LEAST_STAGE = 480;

class TrawlApp extends HTMLElement {
  #rail = /** @type {import('../history/history-rail.js').HistoryRail} */ (document.createElement('history-rail'));
  #start = /** @type {import('../ask/start-page.js').StartPage} */ (document.createElement('start-page'));
  #run = /** @type {import('../run/run-view.js').RunView} */ (document.createElement('run-view'));
  #settings = /** @type {import('../settings/settings-view.js').SettingsView} */ (document.createElement('settings-view'));
  #evidence = /** @type {import('../evidence/evidence-panel.js').EvidencePanel} */ (document.createElement('evidence-panel'));
  #palette = /** @type {import('./command-palette.js').CommandPalette} */ (document.createElement('command-palette'));
  #stage = h('main', { class: 'stage' });
  #aside = h('aside', { class: 'evidence', hidden: true, 'aria-label': 'Evidence' });
  #resizer = h('div', { class: 'resizer', role: 'separator', 'aria-orientation': 'vertical', 'aria-label': 'Width of the evidence', tabindex: 0 });
  #scrim = h('div', { class: 'overlay-scrim', hidden: true });
  #toast = h('p', { class: 'toast', role: 'alert', hidden: true });
  #folded = /** @type {boolean | null} */ (null);
  #width = 420;
  #toastTimer = 0;
  /** @type {{ index: number, item: number | null } | null} */
  #open = null;
  /** @type {Element | null} */
  #before = null;
  /** Had the keyboard before the rail lay over the page. @type {Element | null} */
  #beforeRail = null;
  #back = '';
  #asking = false;
  /** The run that was asked last: whoever asked it goes on writing under it. */
  #own = '';

  connectedCallback() {
    this.#aside.append(this.#resizer, this.#evidence);
    this.append(this.#rail, this.#stage, this.#aside, this.#scrim, this.#toast, this.#palette);
    this.#listen();
    this.#resizable();
    showCitationCards(this, () => this.#run.run);
    onFollowUpDue((due) => this.#askNext(due));
    window.addEventListener('hashchange', () => this.#route());
    window.addEventListener('resize', () => this.#layout());
    onEscape(() => this.#escape());
    if (settingsKnown()) this.#prefer();
    startServers()
      .then(() => this.#prefer())
      .catch((error) => this.#say(said(error)));
    this.#route();
    this.#layout();
  }

  #prefer() {
    this.#folded = preference('railFolded', null);
    this.#width = preference('evidenceWidth', 420);
    themeOfSettings();
    this.#layout();
  }

  #listen() {
    const on = (/** @type {string} */ name, /** @type {(detail: any) => void} */ act) => this.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail ?? {}));
    this.addEventListener('ask', (event) => this.#ask(/** @type {CustomEvent} */ (event).detail, event.target === this.#start.box));
    on('open-run', ({ runId, evidence }) => this.#openRun(runId, evidence));
    on('new-question', () => this.#newQuestion());
    on('deleted-run', ({ runId }) => {
      if (location.hash === `#/run/${runId}`) this.#newQuestion();
    });
    on('run-changed', ({ run }) => {
      this.#evidence.run = run;
      const pending = this.#pendingEvidence;
      if (pending === null || pending.runId !== run.runId || run.tasks[pending.index]?.endedMs == null) return;
      this.#pendingEvidence = null;
      this.#openTask(pending.index, pending.item);
    });
    on('open-task', ({ index, item }) => this.#openTask(index, item ?? null));
    on('stop-open-task', ({ index }) => this.#run.dispatchEvent(new CustomEvent('stop-task', { detail: { index } })));
    on('close-evidence', () => this.#closeEvidence());
    on('run-act', (detail) => this.#run.act(detail));
    on('copy-answer', () => copyText(this.#run.run?.answer ?? '').then((copied) => this.#say(copied ? 'The answer is copied.' : 'The answer could not be copied.')));
    on('toggle-evidence', () => (this.#open === null ? this.#openTask(0, null) : this.#closeEvidence()));
    on('open-settings', (detail) => this.#openSettings(detail));
    on('close-settings', () => this.#go(this.#back));
    on('toggle-rail', (detail) => this.#toggleRail(detail.search === true));
    on('toggle-palette', () => this.#togglePalette());
    on('choose-theme', ({ theme }) => chooseTheme(theme).catch((error) => this.#say(said(error))));
    on('say', ({ text }) => this.#say(text));
    on('ask-link', ({ url, anchor }) => askLink(url, anchor, (text) => this.#say(text)));
    this.#scrim.addEventListener('click', () => this.#escape());
    document.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Is opened once its run is there. @type {{ runId: string, index: number, item: number | null } | null} */
  #pendingEvidence = null;

  /** @param {string} address */
  #go(address) {
    const wanted = address === '' ? '#/' : address;
    this.#leaveSettings(() => {
      if (location.hash === wanted) this.#route();
      else location.hash = wanted;
    });
  }

  /** Goes on at once, unless there are edits in the settings that a person has to give up first. @param {() => void} go */
  #leaveSettings(go) {
    if (this.#stage.firstElementChild === this.#settings) this.#settings.leave(go);
    else go();
  }

  #route() {
    const [, kind = '', rest = ''] = location.hash.split('/');
    const settings = kind === 'settings';
    if (!settings) this.#back = location.hash;
    this.classList.toggle('settings-open', settings);
    this.#rail.hidden = settings;
    if (settings) {
      this.#closeEvidence();
      this.#showOn(this.#settings);
      this.#settings.section = decodeURIComponent(rest) || 'servers';
    } else if (kind === 'run' && rest !== '') {
      this.#showRun(decodeURIComponent(rest));
    } else {
      this.#closeEvidence();
      this.#rail.open = null;
      this.#showOn(this.#start);
      this.#start.box.focus();
    }
    this.#layout();
  }

  /** @param {HTMLElement} view */
  #showOn(view) {
    if (this.#stage.firstElementChild !== view) this.#stage.replaceChildren(view);
  }

  /** @param {string} runId */
  #showRun(runId) {
    if (this.#run.run?.runId !== runId) this.#closeEvidence();
    this.#showOn(this.#run);
    this.#rail.open = runId;
    this.#run.open(runId);
    if (this.#own === runId || document.activeElement === document.body) this.#run.focusQuestion();
    this.#own = '';
  }

  /** @param {{ question: string, continues?: string | null, from?: string, fresh?: boolean }} detail from: the run under which it was written @param {boolean} written in the start page's box */
  async #ask({ question, continues, from, fresh }, written) {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { runId } = await ask(question, continues ?? null, fresh);
      if (written) this.#start.box.value = '';
      if (written || from !== undefined) keepDraft(from ?? '', '');
      this.#leaveRail();
      this.#own = runId;
      this.#go(`#/run/${runId}`);
      reloadHistory();
    } catch (error) {
      const box = this.#stage.firstElementChild === this.#start ? this.#start.box : null;
      if (box === null) this.#say(said(error));
      else box.say(said(error));
    } finally {
      this.#asking = false;
    }
  }

  /** A follow-up that waited for a run's answer. Whoever looks at something else by now is not taken away from it. @param {{ runId: string, question: string }} due */
  async #askNext({ runId, question }) {
    try {
      const asked = await ask(question, runId);
      reloadHistory();
      if (location.hash === `#/run/${runId}`) {
        this.#own = asked.runId;
        this.#go(`#/run/${asked.runId}`);
      } else {
        this.#say('Your follow-up is being asked; the history shows it.');
      }
    } catch (error) {
      giveBack(runId, question);
      this.#say(`Your follow-up could not be asked: ${said(error)}`);
    }
  }

  /** @param {string} runId @param {{ index: number, item: number | null } | null} [evidence] */
  #openRun(runId, evidence) {
    this.#leaveRail();
    this.#pendingEvidence = evidence ? { runId, ...evidence } : null;
    this.#go(`#/run/${runId}`);
  }

  #newQuestion() {
    this.#leaveRail();
    this.#go('#/');
  }

  /** @param {{ section?: string, server?: string, add?: boolean }} detail */
  #openSettings({ section = 'servers', server, add }) {
    this.#leaveRail();
    this.#leaveSettings(() => {
      this.#settings.ask = { server: server ?? null, add: add === true };
      this.#go(`#/settings/${section}`);
    });
  }

  /** @param {number} index @param {number | null} item */
  #openTask(index, item) {
    const run = this.#run.run;
    if (run === null || run.tasks[index] === undefined) return;
    this.#leaveRail();
    if (this.#open === null) this.#before = document.activeElement;
    this.#open = { index, item };
    this.#aside.hidden = false;
    this.#layout();
    this.#evidence.open(run, index, item);
    this.#run.evidence = this.#open;
    if (this.#aside.classList.contains('over')) this.#evidence.focus();
  }

  #closeEvidence() {
    if (this.#open === null) return;
    this.#open = null;
    this.#evidence.close();
    const left = this.#aside.classList.contains('over') || this.#aside.contains(document.activeElement);
    this.#aside.hidden = true;
    this.#run.evidence = null;
    this.#layout();
    if (!left) return;
    const before = this.#before instanceof HTMLElement && this.#before.isConnected ? this.#before : null;
    before?.focus({ preventScroll: true });
    // What it was opened from may have folded meanwhile.
    if (before === null || document.activeElement !== before || before === document.body) this.#run.focusQuestion();
  }

  #layout() {
    const narrow = window.innerWidth < NARROW;
    const folded = !this.classList.contains('settings-open') && (narrow || this.#folded === true);
    this.classList.toggle('folded', folded);
    if (!folded) this.#rail.classList.remove('over');
    const rail = folded ? 49 : 280;
    const most = Math.round(window.innerWidth * 0.6);
    const width = Math.max(320, Math.min(this.#width, most));
    const overlay = window.innerWidth - rail - width < LEAST_STAGE;
    this.#aside.classList.toggle('over', overlay);
    // What lies under the panel or the rail cannot be reached; the keyboard is in what lies over it.
    const covered = overlay && this.#open !== null;
    const under = this.#rail.classList.contains('over');
    this.#stage.inert = covered || under;
    this.#aside.inert = under;
    this.#rail.inert = covered && !under;
    if (covered && !under && !this.#aside.hidden) this.#evidence.focus();
    this.classList.toggle('evidence-open', this.#open !== null);
    this.style.setProperty('--evidence-width', `${width}px`);
    this.#scrim.hidden = !covered && !under;
    this.#resizer.setAttribute('aria-valuenow', String(width));
  }

  /** @param {boolean} search */
  #toggleRail(search) {
    if (this.#closeRail()) return;
    const narrow = window.innerWidth < NARROW;
    const moves = narrow || this.#rail.contains(document.activeElement);
    if (narrow) {
      this.#beforeRail = document.activeElement;
      this.#rail.classList.add('over');
    } else {
      this.#folded = !this.classList.contains('folded');
      setPreference('railFolded', this.#folded).catch((error) => this.#say(said(error)));
    }
    this.#layout();
    if (search) this.#rail.focusSearch();
    else if (moves) this.#rail.focus();
  }

  /** The page under the rail can be reached again. @returns {boolean} whether the rail lay over it */
  #leaveRail() {
    if (!this.#rail.classList.contains('over')) return false;
    if (this.#rail.contains(document.activeElement)) /** @type {HTMLElement} */ (document.activeElement).blur();
    this.#rail.classList.remove('over');
    this.#layout();
    return true;
  }

  /** As `leaveRail`, for whoever goes on where they were. */
  #closeRail() {
    const left = this.#leaveRail();
    if (left && this.#beforeRail instanceof HTMLElement) this.#beforeRail.focus({ preventScroll: true });
    return left;
  }

  #resizable() {
    const set = (/** @type {number} */ width) => {
      this.#width = Math.max(320, Math.min(width, Math.round(window.innerWidth * 0.6)));
      this.#layout();
    };
    const keep = () => setPreference('evidenceWidth', this.#width).catch(() => {});
    this.#resizer.addEventListener('pointerdown', (event) => {
      this.#resizer.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    this.#resizer.addEventListener('pointermove', (event) => {
      if (this.#resizer.hasPointerCapture(event.pointerId)) set(window.innerWidth - event.clientX);
    });
    this.#resizer.addEventListener('pointerup', keep);
    this.#resizer.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: 24, ArrowRight: -24 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      set(this.#width + by);
      keep();
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const control = isCommand(event);
    const key = event.key.toLowerCase();
    const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
    /** @type {(() => void) | undefined} */
    let act;
    if (control && key === 'n') act = () => this.#newQuestion();
    else if (control && key === 'k') act = () => this.#togglePalette();
    else if (control && key === ',') act = () => this.#openSettings({});
    else if (control && key === 'b') act = () => this.#toggleRail(false);
    else if (control && key === 's' && this.classList.contains('settings-open')) act = () => this.#settings.save();
    else if (control && key === '.' && this.#stage.firstElementChild === this.#run) act = () => this.#run.cancel();
    else if (key === '/' && !typing && !event.ctrlKey && !event.metaKey) act = () => this.#focusSearch();
    if (act === undefined || event.altKey) return;
    event.preventDefault();
    if (key !== 'k') this.#palette.close();
    act();
  }

  #togglePalette() {
    this.#palette.toggle(this.#stage.firstElementChild === this.#run ? this.#run.run : null);
  }

  #focusSearch() {
    if (this.classList.contains('settings-open')) return;
    if (this.classList.contains('folded') && !this.#rail.classList.contains('over')) this.#toggleRail(true);
    else this.#rail.focusSearch();
  }

  /** What Escape closes, from the top. It ends nothing: that is what *Cancel run* is for. */
  #escape() {
    if (this.#closeRail()) return true;
    if (this.classList.contains('settings-open')) return this.#settings.back();
    if (this.#open === null) return false;
    this.#closeEvidence();
    return true;
  }

  /** @param {string} text */
  #say(text) {
    clearTimeout(this.#toastTimer);
    this.#toast.hidden = false;
    setText(this.#toast, text);
    this.#toastTimer = window.setTimeout(() => {
      this.#toast.hidden = true;
    }, 8000);
  }
}

customElements.define('trawl-app', TrawlApp);
