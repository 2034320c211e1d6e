// @ts-check
// <start-page>: the question box with the focus in it, examples that work with what is connected,
// and what is connected.

import { h, send, setText } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { refill } from '../lib/refill.js';
import { detect } from '../settings/models/detected.js';
import { draftOf, keepDraft } from './follow-ups.js';
import { allServers, allSettings, onServers, preference, serversKnown, setPreference, settingsKnown } from '../settings/servers/servers.js';
import '../settings/models/detected-models.js';
import './question-box.js';

/** Each needs the tools named. */
const examples = [
  { question: 'How many stories have upstream keyword?', tools: ['search_stories'] },
  { question: 'What did @ann post most recently, and how was it received?', tools: ['get_user_posts', 'get_user_comments'] },
  { question: 'Which tags are used most?', tools: ['list_tags'] },
  { question: 'Which files mention a deadline?', tools: ['search_files'] },
];

class StartPage extends HTMLElement {
  #box = /** @type {import('./question-box.js').QuestionBox} */ (document.createElement('question-box'));
  #lead = h('p', { class: 'start-lead' });
  #notices = h('div', { class: 'start-notices' });
  #model = h('div', { class: 'start-model' });
  #detected = h('detected-models', { class: 'start-detected', dismissible: true, hidden: true });
  #examples = h('div', { class: 'start-examples' });
  #servers = h('div', { class: 'start-servers' });
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    if (this.childElementCount === 0) {
      this.#box.value = draftOf('');
      this.#box.addEventListener('input', () => keepDraft('', this.#box.value));
      this.#box.placeholder = 'Ask about anything your servers can reach';
      this.append(
        h(
          'div',
          { class: 'start' },
          h('h1', { class: 'start-title' }, 'What do you want to find out?'),
          this.#lead,
          this.#notices,
          this.#box,
          this.#model,
          this.#detected,
          this.#examples,
          this.#servers,
        ),
      );
      this.#detected.addEventListener('dismiss-models', () => this.#dismiss());
      this.#detected.addEventListener('used-model', () => this.#box.focus());
    }
    this.#show();
    this.#box.focus();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  get box() {
    return this.#box;
  }

  #show() {
    const { notices, warnings, modelName } = allSettings();
    setText(this.#lead, leadWords(allServers()));
    refill(this.#notices, [notices, warnings], () => [...notices, ...warnings].map((text) => h('p', { class: 'start-notice', role: 'status' }, icon('triangle-alert'), h('span', null, text))));
    refill(this.#model, [modelName, settingsKnown()], () =>
      !settingsKnown() ? [h('span', { class: 'unknown' })] : modelName === null ? [icon('info'), h('span', null, 'Built-in planner · no model configured')] : [icon('cpu'), h('span', null, `${modelName} plans and writes`)],
    );
    const offers = settingsKnown() && modelName === null && !preference('detectedModelDismissed', false);
    this.#detected.hidden = !offers;
    if (offers) detect();
    this.#showExamples();
    this.#showServers();
  }

  #dismiss() {
    this.#box.focus();
    // It is hidden even where that cannot be kept.
    setPreference('detectedModelDismissed', true).catch(() => {});
  }

  #showExamples() {
    const offers = allServers().filter((server) => server.state === 'connected');
    /** @type {{ question: string, server: string }[]} */
    const shown = [];
    for (const { question, tools } of examples) {
      const server = offers.find((one) => tools.every((tool) => one.tools?.some((t) => t.name === tool)));
      if (server !== undefined && shown.length < 3) shown.push({ question, server: server.name });
    }
    refill(this.#examples, shown, () =>
      shown.length === 0 ? [] : [h('h2', { class: 'start-heading' }, 'Try one of these'), h('ul', { class: 'examples' }, shown.map((example) => this.#example(example)))],
    );
  }

  /** @param {{ question: string, server: string }} example */
  #example({ question, server }) {
    return h(
      'li',
      null,
      h('button', { type: 'button', class: 'example', 'data-key': question, onclick: () => send(this, 'ask', { question }) }, icon('corner-down-right', { size: 14 }), h('span', { class: 'grow' }, question), h('span', { class: 'badge' }, server)),
    );
  }

  #showServers() {
    const shown = allServers().map(({ name, state, toolCount, message }) => ({ name, state, toolCount, message }));
    refill(this.#servers, [shown, serversKnown()], () => [
      h('h2', { class: 'start-heading' }, 'Servers'),
      serversKnown() && shown.length === 0 && h('p', { class: 'start-quiet' }, 'Nothing is connected yet, so there is nothing to ask.'),
      h(
        'div',
        { class: 'server-chips' },
        !serversKnown() && h('span', { class: 'unknown' }),
        allServers().map((server) => serverChip(server, () => send(this, 'open-settings', { section: 'servers', server: server.name }))),
        h('button', { type: 'button', class: 'server-chip add', 'data-key': 'add a server', onclick: () => send(this, 'open-settings', { section: 'servers', add: true }) }, icon('plus', { size: 14 }), 'Add server'),
      ),
    ]);
  }
}

/** What a first look has to know. @param {import('../run/live/types.js').ServerStatus[]} servers */
function leadWords(servers) {
  const all = 'A question goes to all of your servers at the same time; one answer says where each statement comes from.';
  const sample = servers.some(({ kind, state }) => kind === 'builtin' && state !== 'disabled');
  return sample ? `${all} “stories” is sample data to try it on.` : all;
}

/** @param {import('../run/live/types.js').ServerStatus} server @param {() => void} open */
function serverChip(server, open) {
  const [name, tone, words] = {
    connected: ['circle-check', 'tone-ok', plural(server.toolCount ?? 0, 'tool')],
    connecting: ['ring', 'tone-live', 'starting'],
    failed: ['circle-x', 'tone-bad', 'Failed'],
    invalid: ['circle-x', 'tone-bad', 'Failed'],
    disabled: ['circle-slash', 'tone-quiet', 'off'],
  }[server.state];
  return h(
    'button',
    { type: 'button', class: 'server-chip', 'data-key': `server ${server.name}`, title: server.message, onclick: open },
    icon(name, { size: 14, class: tone }),
    h('span', null, server.name),
    h('span', { class: tone === 'tone-bad' ? 'tone-bad' : 'tone-quiet' }, words),
  );
}

customElements.define('start-page', StartPage);
export { StartPage };
