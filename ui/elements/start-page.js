// @ts-check
// <start-page>: the question box with the focus in it, examples that work with what is connected,
// and what is connected.

import { detectModels, saveModel, said } from '../api.js';
import { h, fill, send } from '../lib/dom.js';
import { icon } from '../lib/icons.js';
import { plural } from '../lib/format.js';
import { allServers, allSettings, onServers, preference, reloadSettings, serversKnown, setPreference } from '../state/servers.js';
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
  #notices = h('div', { class: 'start-notices' });
  #model = h('div', { class: 'start-model' });
  #detected = h('div', { class: 'start-detected' });
  #examples = h('div', { class: 'start-examples' });
  #servers = h('div', { class: 'start-servers' });
  /** @type {import('../state/types.js').DetectedModel | null} */
  #found = null;
  #asked = false;
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    if (this.childElementCount === 0) {
      this.#box.placeholder = 'Ask about anything your servers can reach';
      this.append(
        h(
          'div',
          { class: 'start' },
          h('h1', { class: 'start-title' }, 'What do you want to find out?'),
          this.#notices,
          this.#box,
          this.#model,
          this.#detected,
          this.#examples,
          this.#servers,
        ),
      );
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
    const { notices, warnings, modelName, version } = allSettings();
    fill(
      this.#notices,
      [...notices, ...warnings].map((text) =>
        h('p', { class: 'start-notice', role: 'status' }, icon('triangle-alert'), h('span', null, text)),
      ),
    );
    fill(
      this.#model,
      modelName === null
        ? [icon('info'), h('span', null, 'Built-in planner · no model configured')]
        : [icon('cpu'), h('span', null, `${modelName} plans and writes`)],
    );
    if (version !== '' && modelName === null) this.#detect();
    this.#showDetected();
    this.#showExamples();
    this.#showServers();
  }

  async #detect() {
    if (this.#asked || preference('detectedModelDismissed', false)) return;
    this.#asked = true;
    try {
      const found = await detectModels();
      this.#found = found.find((one) => one.models.length > 0) ?? null;
    } catch {
      // A window without this command has nothing to offer.
      this.#found = null;
    }
    this.#showDetected();
  }

  #showDetected() {
    const found = this.#found;
    if (found === null || allSettings().modelName !== null) {
      fill(this.#detected);
      return;
    }
    const model = found.models[0];
    const use = () =>
      saveModel({ provider: found.provider, baseUrl: found.baseUrl, model })
        .then(reloadSettings)
        .catch((error) => this.#box.say(said(error)));
    fill(
      this.#detected,
      icon('cpu', { class: 'tone-live' }),
      h('span', { class: 'cut' }, `Found ${found.name} on this machine: `, h('strong', null, model)),
      h('span', { class: 'start-quiet cut grow' }, 'Nothing leaves this computer'),
      h('button', { type: 'button', class: 'button small plain', onclick: () => this.#dismiss() }, 'Not now'),
      h('button', { type: 'button', class: 'button small', onclick: use }, 'Use it'),
    );
  }

  #dismiss() {
    this.#found = null;
    this.#showDetected();
    setPreference('detectedModelDismissed', true).catch(() => {});
  }

  #showExamples() {
    const offers = allServers().filter((server) => server.state === 'connected');
    const rows = [];
    for (const { question, tools } of examples) {
      const server = offers.find((one) => tools.every((tool) => one.tools?.some((t) => t.name === tool)));
      if (server === undefined || rows.length === 3) continue;
      rows.push(
        h(
          'li',
          null,
          h(
            'button',
            { type: 'button', class: 'example', onclick: () => send(this, 'ask', { question }) },
            icon('corner-down-right', { size: 14 }),
            h('span', { class: 'grow' }, question),
            h('span', { class: 'badge' }, server.name),
          ),
        ),
      );
    }
    fill(
      this.#examples,
      rows.length > 0 && [h('h2', { class: 'start-heading' }, 'Try one of these'), h('ul', { class: 'examples' }, rows)],
    );
  }

  #showServers() {
    const chips = allServers().map((server) => serverChip(server, () => send(this, 'open-settings', { section: 'servers', server: server.name })));
    fill(
      this.#servers,
      h('h2', { class: 'start-heading' }, 'Servers'),
      serversKnown() && chips.length === 0 && h('p', { class: 'start-quiet' }, 'Nothing is connected yet, so there is nothing to ask.'),
      h(
        'div',
        { class: 'server-chips' },
        chips,
        h(
          'button',
          { type: 'button', class: 'server-chip add', onclick: () => send(this, 'open-settings', { section: 'servers', add: true }) },
          icon('plus', { size: 14 }),
          'Add server',
        ),
      ),
    );
  }
}

/** @param {import('../state/types.js').ServerStatus} server @param {() => void} open */
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
    { type: 'button', class: 'server-chip', title: server.message, onclick: open },
    icon(name, { size: 14, class: tone }),
    h('span', null, server.name),
    h('span', { class: tone === 'tone-bad' ? 'tone-bad' : 'tone-quiet' }, words),
  );
}

customElements.define('start-page', StartPage);
export { StartPage };
