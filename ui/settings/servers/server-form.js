// @ts-check
// <server-form>: adds or edits one server. Sends `close-form`, `saved` {name}, `remove-server`
// {name, anchor}.

import { h, send } from '../../lib/dom.js';
import { commandKey } from '../../lib/keys.js';
import { confirmAt } from '../../lib/popover.js';
import { duration, plural, sentence } from '../../lib/format.js';
import { draw, glyph, html, nothing } from '../../lib/view.js';
import { said, saveServer, testServer } from '../../api.js';
import { allSettings, retryFailed } from './servers.js';
import { mistakes, toDraft, toEntry } from './server-entry.js';
import { field, Pairs, segments, textInput } from '../form-parts.js';
import { shownNumber } from '../number-setting.js';
import { toolList } from './tool-list.js';

/** @typedef {import('./server-entry.js').Draft} Draft */
/** @typedef {{ tone: 'ok' | 'bad' | 'live', words: string, lines?: string[], tools?: import('../../lib/view.js').View }} Outcome */

/** What is typed into one input each. */
const typed = /** @type {const} */ (['name', 'command', 'args', 'cwd', 'url', 'timeout', 'atOnce', 'perSecond']);

class ServerForm extends HTMLElement {
  /** @type {string | null} */
  #previous = null;
  /** @type {Record<string, any> | null} */
  #before = null;
  /** @type {Draft['kind']} */
  #kind = 'command';
  #on = { readOnly: false, trusted: false };
  /** Changes with every entry that is opened: what was asked for another one is not told here. */
  #opened = 0;
  /** What stood in the form when it was opened. */
  #opening = '';
  #saving = false;
  #testing = false;
  /** @type {Outcome | null} */
  #outcome = null;
  #inputs = {
    name: textInput(),
    command: textInput({ class: 'input mono', placeholder: 'npx' }),
    args: /** @type {HTMLTextAreaElement} */ (h('textarea', { class: 'input mono', rows: 3, spellcheck: 'false' })),
    cwd: textInput({ class: 'input mono', placeholder: 'Trawl’s own' }),
    url: textInput({ class: 'input mono', placeholder: 'https://example.com/mcp', inputmode: 'url' }),
    timeout: textInput({ inputmode: 'decimal' }),
    atOnce: textInput({ inputmode: 'numeric' }),
    perSecond: textInput({ inputmode: 'decimal', placeholder: 'no limit' }),
  };
  #fields = {
    name: field('Name', this.#inputs.name),
    command: field('Command', this.#inputs.command),
    args: field('Arguments', this.#inputs.args, { aside: 'one per line' }),
    cwd: field('Folder', this.#inputs.cwd),
    url: field('URL', this.#inputs.url),
    timeout: field('Time-out', this.#inputs.timeout, { unit: 's' }),
    atOnce: field('Calls at once', this.#inputs.atOnce),
    perSecond: field('Calls per second', this.#inputs.perSecond),
  };
  #env = new Pairs('variable', 'Variable');
  #headers = new Pairs('header', 'Header');
  #choice = segments('Connection', [['command', 'Command'], ['url', 'URL']], (kind) => {
    this.#kind = /** @type {Draft['kind']} */ (kind);
    this.#show();
  });

  /** Whether there is something in it that is not saved. */
  get changed() {
    return JSON.stringify(this.#draft()) !== this.#opening;
  }

  focus() {
    this.#inputs.name.focus();
  }

  save() {
    this.querySelector('form')?.requestSubmit();
  }

  /** @param {() => void} discard */
  askDiscard(discard) {
    const close = /** @type {HTMLElement} */ (this.querySelector('header button'));
    const text = this.#previous === null ? 'The new server is not saved.' : `What you changed in ${this.#previous} is not saved.`;
    confirmAt(close, { title: 'Discard your edits?', text, action: 'Discard', keep: 'Keep editing', danger: true, align: 'end', run: discard });
  }

  /** @param {string | null} name @param {Record<string, any> | null} entry */
  open(name, entry) {
    this.#opened += 1;
    this.#saving = false;
    this.#testing = false;
    this.#outcome = null;
    this.#previous = name;
    this.#before = entry;
    const draft = toDraft(name, entry);
    const { server } = allSettings().rules;
    this.#inputs.timeout.placeholder = shownNumber(server.timeoutSeconds?.default);
    this.#inputs.atOnce.placeholder = shownNumber(server.maxConcurrent?.default);
    for (const key of typed) {
      this.#inputs[key].value = draft[key];
      this.#fields[key].complain('');
    }
    this.#env.value = draft.env;
    this.#headers.value = draft.headers;
    this.#on = { readOnly: draft.readOnly, trusted: draft.trusted };
    this.#kind = draft.kind;
    this.#choice.choose(draft.kind);
    this.#opening = JSON.stringify(this.#draft());
    this.#show();
    this.querySelector('.form-body')?.scrollTo(0, 0);
    this.focus();
  }

  #show() {
    const { name, command, args, cwd, url, timeout, atOnce, perSecond } = this.#fields;
    const kind = this.#kind;
    const remove = (/** @type {Event} */ event) => send(this, 'remove-server', { name: this.#previous, anchor: event.currentTarget });
    draw(
      this,
      html`<form class="server-form" novalidate @submit=${(/** @type {Event} */ event) => this.#submit(event)}>
        <header class="top-bar evidence-head">
          <h2 class="evidence-tool grow cut">${this.#previous === null ? 'Add server' : `Edit ${this.#previous}`}</h2>
          <button type="button" class="icon-button" aria-label="Close" @click=${() => send(this, 'close-form')}>${glyph('x')}</button>
        </header>
        <div class="form-body">
          ${name.element}
          ${kind === 'builtin'
            ? html`<p class="field-hint">This server is part of Trawl: sample stories, people and comments to try questions on.</p>`
            : html`<div class="field"><p class="field-label">Connection</p>${this.#choice.element}</div>`}
          ${kind === 'command' ? html`${command.element}${args.element}${pairsField('Environment', this.#env, 'starts')}${cwd.element}` : nothing}
          ${kind === 'url' ? html`${url.element}${pairsField('Headers', this.#headers, 'calls')}` : nothing}
          <div class="field-three">${timeout.element}${atOnce.element}${perSecond.element}</div>
          ${this.#toggle('readOnly', 'read-only-label', 'Its tools only read', 'Then none of its calls asks you first, whatever its tools say of themselves.')}
          ${kind === 'builtin' ? nothing : this.#toggle('trusted', 'trusted-label', 'Trust what its tools say', 'A tool that says it only reads then runs without asking. Off: the first question that uses it asks.')}
          <div class="form-outcome" role="status">${this.#outcome === null ? nothing : outcome(this.#outcome)}</div>
        </div>
        <footer class="form-foot">
          <button type="button" class="button plain danger" ?hidden=${this.#previous === null} @click=${remove}>${glyph('trash', { size: 15 })}Remove</button>
          <span class="grow"></span>
          <button type="button" class="button" ?disabled=${this.#testing} @click=${(/** @type {any} */ event) => this.#tests(event.currentTarget)}>Test</button>
          <button type="submit" class="button primary" ?disabled=${this.#saving}>Save<kbd class="key">${commandKey('S')}</kbd></button>
        </footer>
      </form>`,
    );
  }

  /** @param {'readOnly' | 'trusted'} key @param {string} id @param {string} label @param {string} hint */
  #toggle(key, id, label, hint) {
    const turn = () => {
      this.#on[key] = !this.#on[key];
      this.#show();
    };
    return html`<div class="field-toggle">
      <div class="grow"><p id=${id}>${label}</p><p class="field-hint">${hint}</p></div>
      <button type="button" class="toggle" role="switch" data-testid=${key} aria-checked=${this.#on[key]} aria-labelledby=${id} @click=${turn}></button>
    </div>`;
  }

  /** @returns {Draft} */
  #draft() {
    const draft = /** @type {Draft} */ ({ kind: this.#kind, env: this.#env.value, headers: this.#headers.value, ...this.#on });
    for (const key of typed) draft[key] = this.#inputs[key].value;
    return { ...draft, name: draft.name.trim() };
  }

  /** @returns {Draft | null} null where something is wrong, which is said at its field */
  #checked() {
    const draft = this.#draft();
    const taken = Object.keys(allSettings().settings.mcpServers ?? {}).filter((name) => name !== this.#previous);
    const wrong = mistakes(draft, taken, allSettings().rules.server);
    for (const key of typed) this.#fields[key].complain(wrong[key] ?? '');
    /** @type {HTMLElement | null} */ (this.querySelector('[aria-invalid=true]'))?.focus();
    return Object.keys(wrong).length === 0 ? draft : null;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const draft = this.#saving ? null : this.#checked();
    if (draft === null) return;
    const own = this.#opened;
    this.#saving = true;
    this.#show();
    try {
      await saveServer(draft.name, toEntry(draft, this.#before), this.#previous ?? undefined);
      if (own === this.#opened) send(this, 'saved', { name: draft.name });
    } catch (error) {
      this.#tell(own, { tone: 'bad', words: said(error) });
    }
    if (own !== this.#opened) return;
    this.#saving = false;
    this.#show();
  }

  /** @param {HTMLElement} button */
  async #tests(button) {
    const draft = this.#checked();
    if (draft === null) return;
    const own = this.#opened;
    const previous = this.#previous;
    const before = this.#before;
    this.#testing = true;
    this.#tell(own, { tone: 'live', words: 'Testing' });
    try {
      const entry = toEntry(draft, before);
      const status = await testServer(draft.name, entry, previous ?? undefined);
      const works = status.state === 'connected';
      // What works as it is saved is connected, so that its card does not go on saying that it failed.
      if (works && previous !== null && JSON.stringify(entry) === JSON.stringify(toEntry(toDraft(previous, before), before))) retryFailed(previous).catch(() => {});
      if (works) this.#tell(own, { tone: 'ok', words: `Works: ${plural(status.toolCount ?? 0, 'tool')} in ${duration(status.elapsedMs ?? 0)}`, tools: toolList(status, {}) });
      else this.#tell(own, { tone: 'bad', words: sentence(status.message ?? 'it failed without a reason'), lines: status.stderr });
    } catch (error) {
      this.#tell(own, { tone: 'bad', words: said(error) });
    }
    if (own !== this.#opened) return;
    this.#testing = false;
    this.#show();
    // It lost the focus as it was switched off; whoever went elsewhere meanwhile stays there.
    if (document.activeElement === document.body) button.focus({ preventScroll: true });
  }

  /** @param {number} own for which opening @param {Outcome} outcome */
  #tell(own, outcome) {
    if (own !== this.#opened) return;
    this.#outcome = outcome;
    this.#show();
    this.querySelector('.form-outcome')?.scrollIntoView({ block: 'nearest' });
  }
}

/** @param {string} label @param {Pairs} pairs @param {string} does what Trawl does to the server */
function pairsField(label, pairs, does) {
  const hint = `To keep a secret out of the file, write \${env:NAME} or \${keychain:NAME}: Trawl fills it in when it ${does} the server.`;
  return html`<div class="field"><p class="field-label">${label}</p>${pairs.element}<p class="field-hint">${hint}</p></div>`;
}

/** @param {Outcome} told */
function outcome({ tone, words, lines = [], tools = nothing }) {
  const shape = { ok: 'circle-check', bad: 'circle-x', live: 'ring' }[tone];
  return html`<p class="form-said ${tone}">${glyph(shape, { class: `tone-${tone}` })}<span>${words}</span></p>
    ${lines.length > 0 ? html`<pre class="server-lines mono">${lines.join('\n')}</pre>` : nothing}
    ${tools}`;
}

customElements.define('server-form', ServerForm);
export { ServerForm };
