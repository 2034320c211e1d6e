// @ts-check
// <run-view>: one run, live or kept. Lays out what its state calls for: strip and timeline while it
// runs, summary and answer once it ended, the reasons first when it failed.

import { cancelRun, resolveApproval, said, stopTask, stopTasks } from '../api.js';
import { h, fill, send, setText } from '../lib/dom.js';
import { eachFrame, oncePerFrame } from '../lib/frames.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { later } from '../lib/later.js';
import { draw, nothing } from '../lib/view.js';
import { draftOf, keepDraft, onFollowUps, queue, queuedOf, takeBack } from '../ask/follow-ups.js';
import { followRun, isFollowed } from './live/live-runs.js';
import { needsApproval, stateName, summary } from './run-facts.js';
import { declinedBanner, failureReport, keptBanner, partialLine, planNote } from './run-notices.js';
import { RunBar } from './run-bar.js';
import { RunFoot } from './run-foot.js';
import '../approval/approval-sheet.js';
import './earlier-turns.js';
import './later-turns.js';
import './phase-strip.js';
import '../ask/question-box.js';
import { openCited } from './answer/citation-card.js';
import './answer/run-answer.js';
import './run-summary.js';
import './timeline/task-timeline.js';

/** @typedef {import('./live/types.js').Run} Run */

/** How long an ended timeline stays before it folds, so that the eye sees the last bar end. */
const FOLD_AFTER_MS = 700;

class RunView extends HTMLElement {
  /** @type {Run | null} */
  #run = null;
  #runId = '';
  #bar = new RunBar((name, detail) => this.#act(name, detail));
  #question = h('h1', { class: 'question' });
  #more = h('button', { type: 'button', class: 'link-button question-more', hidden: true }, 'Show the whole question');
  #notice = h('div', { class: 'run-notice' });
  #strip = /** @type {import('./phase-strip.js').PhaseStrip} */ (document.createElement('phase-strip'));
  #planNote = h('div', { class: 'plan-words', hidden: true });
  #summary = /** @type {import('./run-summary.js').RunSummary} */ (document.createElement('run-summary'));
  #timeline = /** @type {import('./timeline/task-timeline.js').TaskTimeline} */ (document.createElement('task-timeline'));
  #fold = h('div', { class: 'fold' });
  #partial = h('div', { class: 'run-partial' });
  #answer = /** @type {import('./answer/run-answer.js').RunAnswer} */ (document.createElement('run-answer'));
  #coming = coming();
  #foot = new RunFoot((name, detail) => this.#act(name, detail));
  #earlier = /** @type {import('./earlier-turns.js').EarlierTurns} */ (document.createElement('earlier-turns'));
  #later = /** @type {import('./later-turns.js').LaterTurns} */ (document.createElement('later-turns'));
  #box = /** @type {import('../ask/question-box.js').QuestionBox} */ (document.createElement('question-box'));
  #queued = h('p', { class: 'queued', hidden: true });
  #sheet = /** @type {import('../approval/approval-sheet.js').ApprovalSheet} */ (document.createElement('approval-sheet'));
  #live = h('p', { class: 'visually-hidden', role: 'status' });
  #scroll = h('div', { class: 'run-scroll', tabindex: 0, role: 'region', 'aria-label': 'Question and answer' });
  /** @type {boolean | null} what the person chose */
  #opened = null;
  #folded = false;
  #foldSoon = later(FOLD_AFTER_MS, () => {
    this.#folded = true;
    this.#showSoon();
  });
  #spoken = '';
  #noticeShape = '';
  /** @type {(() => void) | null} */
  #stopRun = null;
  /** @type {(() => void) | null} */
  #stopFrames = null;
  /** @type {(() => void) | null} */
  #stopFollowUps = null;
  #showSoon = oncePerFrame(() => this.#show());

  connectedCallback() {
    if (this.childElementCount === 0) this.#build();
    this.#stopFollowUps = onFollowUps((runId) => runId === this.#runId && this.#showWritten());
  }

  disconnectedCallback() {
    this.#stopRun?.();
    this.#stopRun = null;
    this.#stopFrames?.();
    this.#stopFrames = null;
    this.#stopFollowUps?.();
    this.#stopFollowUps = null;
  }

  /** @param {string} runId */
  open(runId) {
    // One that could not be read is read again.
    if (runId === this.#runId && this.#stopRun !== null && isFollowed(runId)) return;
    this.#stopRun?.();
    this.#runId = runId;
    this.#opened = null;
    this.#folded = false;
    this.#spoken = '';
    this.#noticeShape = '';
    this.#showWritten();
    this.#earlier.clear();
    this.#later.runId = runId;
    this.#foldSoon.stop();
    this.#scroll.scrollTop = 0;
    let first = true;
    this.#stopRun = followRun(runId, (run) => {
      const before = this.#run;
      const ended = before?.runId === runId && before.lastSeq >= 0 && before.state === 'running' && run.state !== 'running';
      if (ended) this.#foldSoon.start();
      // A run that had ended before it was opened is folded from the start.
      if (first && run.lastSeq >= 0) {
        this.#folded = run.state !== 'running';
        first = false;
      }
      this.#run = run;
      send(this, 'run-changed', { run });
      this.#showSoon();
    });
    // Not a frame later: until then the calls of the run that stood here could be decided on.
    this.#show();
  }

  get run() {
    return this.#run;
  }

  focusQuestion() {
    this.#box.focus();
  }

  /** @param {{ index: number, item: number | null } | null} open */
  set evidence(open) {
    this.#timeline.open = open?.index ?? null;
    this.#answer.cited = open === null ? null : { task: open.index, item: open.item };
  }

  #build() {
    this.#box.setAttribute('docked', '');
    this.#timeline.scroller = this.#scroll;
    const inner = h('div', { class: 'fold-inner' }, this.#strip, this.#planNote, this.#timeline);
    this.#fold.append(inner);
    this.#scroll.append(
      h('div', { class: 'run-body' }, this.#earlier, this.#question, this.#more, this.#notice, this.#summary, this.#fold, this.#partial, this.#answer, this.#coming, this.#foot.element, this.#later),
    );
    this.append(this.#bar.element, this.#scroll, h('div', { class: 'dock' }, this.#queued, this.#box), this.#sheet, this.#live);
    this.#more.addEventListener('click', () => {
      this.#question.classList.add('whole');
      this.#more.hidden = true;
    });
    this.addEventListener('toggle-work', () => this.#toggle());
    this.addEventListener('stop-task', (event) => this.#stop(/** @type {CustomEvent} */ (event).detail.index));
    this.addEventListener('approve', (event) => this.#resolve(/** @type {CustomEvent} */ (event).detail));
    this.#box.addEventListener('ask', (event) => this.#follow(/** @type {CustomEvent} */ (event)));
    this.#box.addEventListener('input', () => {
      keepDraft(this.#runId, this.#box.value);
      this.#showSoon();
    });
    this.addEventListener('keydown', (event) => this.#key(event), true);
  }

  #show() {
    const run = this.#run;
    if (run === null || !this.isConnected) return;
    const blank = run.lastSeq < 0 && run.state === 'running';
    this.classList.toggle('blank', blank);
    // No other run's calls are on show meanwhile.
    this.#showSheet(run);
    if (blank) return;
    const live = run.state === 'running';
    const answered = run.answer !== '';
    const works = run.tasks.length > 0;
    const showsResult = run.state === 'finished' || run.state === 'partial' || (live && answered);
    this.#bar.show(run);
    if (this.#question.textContent !== run.question) {
      setText(this.#question, run.question);
      this.#question.classList.remove('whole');
      this.#more.hidden = this.#question.scrollHeight <= this.#question.clientHeight + 1;
    }
    this.#earlier.run = run;
    this.#showNotice(run);
    this.#strip.run = run;
    this.#timeline.run = run;
    this.#planNote.hidden = run.plan?.note == null;
    draw(this.#planNote, planNote(run));
    this.#showFold(run, showsResult && works);
    draw(this.#partial, partialLine(run, (name, detail) => this.#act(name, detail)));
    this.#answer.run = run;
    openCited(run);
    this.#answer.hidden = !answered;
    this.#coming.hidden = !live || answered;
    setText(/** @type {Node} */ (this.#coming.querySelector('.coming-words')), run.execution === null ? 'The answer starts when the last task has ended. What failed is named in it.' : 'Reading the results.');
    this.#foot.show(run);
    this.#box.placeholder = live ? 'Ask a follow-up. It starts when this run has ended.' : 'Ask a follow-up';
    this.#speak(run);
    this.#tick(live);
  }

  /** Whoever is writing a follow-up is not interrupted; whoever is not has the sheet under the keys. @param {Run} run */
  #showSheet(run) {
    const before = this.#sheet.isOpen;
    const active = document.activeElement;
    const writes = this.#box.value.trim() !== '';
    const idle = active === null || active === document.body || (!writes && this.#box.contains(active));
    const left = this.#sheet.contains(active);
    this.#sheet.run = run;
    this.classList.toggle('asks', this.#sheet.isOpen);
    this.classList.toggle('writes', writes);
    if (this.#sheet.isOpen && !before && idle) this.#sheet.focus();
    if (!this.#sheet.isOpen && left) this.#box.focus();
  }

  /** @param {Run} run */
  #showNotice(run) {
    const shape = `${run.runId}/${run.state}/${run.lastSeq}`;
    if (shape === this.#noticeShape) return;
    this.#noticeShape = shape;
    const act = (/** @type {string} */ name, /** @type {any} */ detail) => this.#act(name, detail);
    if (run.state === 'failed') draw(this.#notice, failureReport(run, act));
    else if (run.state === 'declined') draw(this.#notice, declinedBanner(run, act));
    else if (run.state === 'interrupted' || run.state === 'cancelled') draw(this.#notice, keptBanner(run, act));
    else draw(this.#notice, nothing);
    if (run.state === 'failed' && this.#box.value === '') this.#box.value = run.question;
  }

  /** @param {Run} run @param {boolean} collapses */
  #showFold(run, collapses) {
    const live = run.state === 'running';
    if (collapses && live && run.answer !== '' && !this.#folded && !this.#foldSoon.waits) this.#foldSoon.start();
    const summed = collapses && (this.#folded || this.#opened !== null);
    const open = this.#opened ?? !this.#folded;
    this.#summary.hidden = !summed;
    if (summed && summary(run) !== null) {
      this.#summary.run = run;
      this.#summary.open = open;
    }
    const closed = summed && !open;
    // Whoever was in a row goes on from what it folds into.
    const inside = closed && this.#fold.contains(document.activeElement);
    this.#fold.classList.toggle('closed', closed);
    this.#fold.inert = closed;
    if (inside) this.#summary.focus();
    const empty = run.state === 'failed' && run.tasks.length === 0;
    this.#fold.hidden = empty || (run.tasks.length === 0 && !live);
    this.#strip.hidden = run.state === 'failed';
    this.#timeline.hidden = run.tasks.length === 0;
    // The strip stays in sight while the answer is written, though the timeline is folded.
    const outside = summed && live;
    const home = outside ? this.#summary : this.#planNote;
    if (this.#strip.nextElementSibling !== home) home.before(this.#strip);
  }

  #toggle() {
    this.#opened = this.#fold.classList.contains('closed');
    this.#show();
  }

  /** @param {boolean} live */
  #tick(live) {
    if (live && this.#stopFrames === null) {
      this.#stopFrames = eachFrame(() => this.#run !== null && this.#bar.tick(this.#run));
    } else if (!live) {
      this.#stopFrames?.();
      this.#stopFrames = null;
    }
  }

  /** Phases and ends are spoken, progress is not. @param {Run} run */
  #speak(run) {
    const phase = run.plan === null ? 'Planning' : run.execution === null && run.tasks.length > 0 ? `Executing ${plural(run.tasks.length, 'task')}` : 'Writing the answer';
    const words = run.state !== 'running' ? `${stateName(run)}. ${summary(run)?.counts ?? ''}` : run.approval.open.length > 0 ? needsApproval(run.approval.open.length) : phase;
    if (words === this.#spoken) return;
    this.#spoken = words;
    setText(this.#live, words);
  }

  /** What was written under this run, and what is asked once it has ended. */
  #showWritten() {
    const next = queuedOf(this.#runId);
    this.#box.value = draftOf(this.#runId);
    this.#queued.hidden = next === null;
    if (next === null) return;
    const withdraw = () => {
      takeBack(this.#runId);
      this.#box.focus();
    };
    fill(this.#queued, h('span', { class: 'cut grow' }, 'Asked next: ', h('strong', null, next)), h('button', { type: 'button', class: 'link-button', onclick: withdraw }, 'Take back'));
  }

  /** Ctrl+Enter runs the calls that wait, unless a follow-up is being written. @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !this.#sheet.isOpen) return;
    const inside = event.target instanceof Node && this.#sheet.contains(event.target);
    if (!inside && this.#box.value.trim() !== '') return;
    event.preventDefault();
    event.stopPropagation();
    this.#sheet.answer();
  }

  /** A follow-up waits for the run's end. @param {CustomEvent} event */
  #follow(event) {
    event.stopPropagation();
    const { question } = event.detail;
    const run = this.#run;
    if (run === null) return;
    if (run.state !== 'running') {
      const answered = run.state === 'finished' || run.state === 'partial';
      send(this, 'ask', { question, continues: answered ? run.runId : run.continues, from: run.runId });
    } else if (queuedOf(run.runId) === null) {
      queue(run.runId, question);
    } else {
      this.#box.say('One follow-up waits already. Take it back to ask another one in its place.');
    }
  }

  /** What the palette can do to a run: `again`, `cancel-run`, `stop-tasks`. @param {string} name */
  act(name) {
    this.#act(name);
  }

  /** @param {string} name @param {any} [detail] */
  #act(name, detail) {
    const run = this.#run;
    if (run === null) return;
    const complain = (/** @type {unknown} */ error) => send(this, 'say', { text: said(error) });
    if (name === 'cancel-run') cancelRun(run.runId).catch(complain);
    else if (name === 'stop-tasks') stopTasks(run.runId).catch(complain);
    else if (name === 'read-again') this.open(run.runId);
    else if (name === 'again') send(this, 'ask', { question: run.question, continues: run.continues, fresh: true });
    else send(this, name, detail);
  }

  /** Ends a run that is running. */
  cancel() {
    if (this.#run?.state === 'running') this.#act('cancel-run');
  }

  /** @param {number} index */
  #stop(index) {
    if (this.#run !== null) stopTask(this.#run.runId, index).catch((error) => send(this, 'say', { text: said(error) }));
  }

  /** @param {{ runId: string, approved: number[], denied: number[], always: import('../api.js').AllowedTool[] }} detail */
  #resolve({ runId, approved, denied, always }) {
    resolveApproval(runId, approved, denied, always).catch((error) => send(this, 'say', { text: said(error) }));
  }
}

function coming() {
  return h(
    'div',
    { class: 'coming' },
    h('p', { class: 'coming-note' }, icon('pen-line', { size: 15 }), h('span', { class: 'coming-words' })),
    h('div', { class: 'grey-bar w65' }),
    h('div', { class: 'grey-bar w70' }),
    h('div', { class: 'grey-bar w46' }),
  );
}

customElements.define('run-view', RunView);
export { RunView };
