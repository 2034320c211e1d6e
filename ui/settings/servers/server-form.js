// @ts-check
// <server-form>: adds or edits one server. Sends `close-form`, `saved` {name}, `remove-server`
// {name, anchor}.

import { h, fill, send } from '../../lib/dom.js';
import { icon } from '../../lib/icons.js';
import { commandKey } from '../../lib/keys.js';
import { confirmAt } from '../../lib/popover.js';
import { duration, plural, sentence } from '../../lib/format.js';
import { said, saveServer, testServer } from '../../api.js';
import { allSettings, retryFailed } from './servers.js';
import { mistakes, toDraft, toEntry } from './server-entry.js';
import { field, Pairs, segments, textInput } from '../form-parts.js';
import { shownNumber } from '../number-setting.js';
import { toolList } from './tool-list.js';

/** @typedef {import('./server-entry.js').Draft} Draft */

class ServerForm extends HTMLElement {
  /** @type {string | null} */
  #previous = null;
  /** @type {Record<string, any> | null} */
  #before = null;
  /** @type {Draft['kind']} */
  #kind = 'command';
  /** Changes with every entry that is opened: what was asked for another one is not told here. */
  #opened = 0;
  /** What stood in the form when it was opened. */
  #opening = '';
  #title = h('h2', { class: 'evidence-tool grow cut' });
  #name = textInput();
  #command = textInput({ class: 'input mono', placeholder: 'npx' });
  #args = /** @type {HTMLTextAreaElement} */ (h('textarea', { class: 'input mono', rows: 3, spellcheck: 'false' }));
  #cwd = textInput({ class: 'input mono', placeholder: 'Trawl’s own' });
  #url = textInput({ class: 'input mono', placeholder: 'https://example.com/mcp', inputmode: 'url' });
  #env = new Pairs('variable', 'Variable');
  #headers = new Pairs('header', 'Header');
  #timeout = textInput({ inputmode: 'decimal' });
  #atOnce = textInput({ inputmode: 'numeric' });
  #perSecond = textInput({ inputmode: 'decimal', placeholder: 'no limit' });
  #readOnly = h('button', { type: 'button', class: 'toggle', role: 'switch', 'aria-checked': 'false', 'aria-labelledby': 'read-only-label' });
  #trusted = h('button', { type: 'button', class: 'toggle', role: 'switch', 'data-testid': 'trusted', 'aria-checked': 'false', 'aria-labelledby': 'trusted-label' });
  #choice = segments('Connection', [['command', 'Command'], ['url', 'URL']], (kind) => this.#switch(/** @type {Draft['kind']} */ (kind)));
  #fields = {
    name: field('Name', this.#name),
    command: field('Command', this.#command),
    args: field('Arguments', this.#args, { aside: 'one per line' }),
    cwd: field('Folder', this.#cwd),
    url: field('URL', this.#url),
    timeout: field('Time-out', this.#timeout, { unit: 's' }),
    atOnce: field('Calls at once', this.#atOnce),
    perSecond: field('Calls per second', this.#perSecond),
  };
  #body = h('div', { class: 'form-body' });
  #outcome = h('div', { class: 'form-outcome', role: 'status' });
  #remove = h('button', { type: 'button', class: 'button plain danger' }, icon('trash', { size: 15 }), 'Remove');
  #test = /** @type {HTMLButtonElement} */ (h('button', { type: 'button', class: 'button' }, 'Test'));
  #save = /** @type {HTMLButtonElement} */ (h('button', { type: 'submit', class: 'button primary' }, 'Save', h('kbd', { class: 'key' }, commandKey('S'))));
  #close = h('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => send(this, 'close-form') }, icon('x'));
  #form = /** @type {HTMLFormElement} */ (h('form', { class: 'server-form', novalidate: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) }));

  connectedCallback() {
    if (this.childElementCount > 0) return;
    for (const toggle of [this.#readOnly, this.#trusted]) toggle.addEventListener('click', () => toggle.setAttribute('aria-checked', String(toggle.getAttribute('aria-checked') !== 'true')));
    this.#test.addEventListener('click', () => this.#tests());
    this.#remove.addEventListener('click', () => send(this, 'remove-server', { name: this.#previous, anchor: this.#remove }));
    this.#form.append(
      h('header', { class: 'top-bar evidence-head' }, this.#title, this.#close),
      this.#body,
      h('footer', { class: 'form-foot' }, this.#remove, h('span', { class: 'grow' }), this.#test, this.#save),
    );
    this.append(this.#form);
  }

  /** Whether there is something in it that is not saved. */
  get changed() {
    return JSON.stringify(this.#draft()) !== this.#opening;
  }

  focus() {
    this.#name.focus();
  }

  save() {
    this.#form.requestSubmit();
  }

  /** @param {() => void} discard */
  askDiscard(discard) {
    const text = this.#previous === null ? 'The new server is not saved.' : `What you changed in ${this.#previous} is not saved.`;
    confirmAt(this.#close, { title: 'Discard your edits?', text, action: 'Discard', keep: 'Keep editing', danger: true, align: 'end', run: discard });
  }

  /** @param {string | null} name @param {Record<string, any> | null} entry */
  open(name, entry) {
    this.#opened += 1;
    this.#test.disabled = false;
    this.#save.disabled = false;
    this.#previous = name;
    this.#before = entry;
    const draft = toDraft(name, entry);
    this.#title.textContent = name === null ? 'Add server' : `Edit ${name}`;
    this.#name.value = draft.name;
    this.#command.value = draft.command;
    this.#args.value = draft.args;
    this.#cwd.value = draft.cwd;
    this.#url.value = draft.url;
    this.#env.value = draft.env;
    this.#headers.value = draft.headers;
    const { server } = allSettings().rules;
    this.#timeout.placeholder = shownNumber(server.timeoutSeconds?.default);
    this.#atOnce.placeholder = shownNumber(server.maxConcurrent?.default);
    this.#timeout.value = draft.timeout;
    this.#atOnce.value = draft.atOnce;
    this.#perSecond.value = draft.perSecond;
    this.#readOnly.setAttribute('aria-checked', String(draft.readOnly));
    this.#trusted.setAttribute('aria-checked', String(draft.trusted));
    this.#remove.hidden = name === null;
    this.#kind = draft.kind;
    this.#outcome.replaceChildren();
    for (const part of Object.values(this.#fields)) part.complain('');
    this.#lay();
    this.#opening = JSON.stringify(this.#draft());
    this.#body.scrollTop = 0;
    this.#name.focus();
  }

  /** @param {Draft['kind']} kind */
  #switch(kind) {
    this.#kind = kind;
    this.#lay();
  }

  #lay() {
    const f = this.#fields;
    this.#choice.choose(this.#kind);
    const label = (/** @type {string} */ words) => h('p', { class: 'field-label' }, words);
    fill(
      this.#body,
      f.name.element,
      this.#kind !== 'builtin' && h('div', { class: 'field' }, label('Connection'), this.#choice.element),
      this.#kind === 'builtin' && h('p', { class: 'field-hint' }, 'This server is part of Trawl: sample stories, people and comments to try questions on.'),
      this.#kind === 'command' && [
        f.command.element,
        f.args.element,
        h('div', { class: 'field' }, label('Environment'), this.#env.element, h('p', { class: 'field-hint' }, 'To keep a secret out of the file, write ${env:NAME} or ${keychain:NAME}: Trawl fills it in when it starts the server.')),
        f.cwd.element,
      ],
      this.#kind === 'url' && [
        f.url.element,
        h('div', { class: 'field' }, label('Headers'), this.#headers.element, h('p', { class: 'field-hint' }, 'To keep a secret out of the file, write ${env:NAME} or ${keychain:NAME}: Trawl fills it in when it calls the server.')),
      ],
      h('div', { class: 'field-three' }, f.timeout.element, f.atOnce.element, f.perSecond.element),
      h(
        'div',
        { class: 'field-toggle' },
        h('div', { class: 'grow' }, h('p', { id: 'read-only-label' }, 'Its tools only read'), h('p', { class: 'field-hint' }, 'Then none of its calls asks you first, whatever its tools say of themselves.')),
        this.#readOnly,
      ),
      this.#kind !== 'builtin' &&
        h(
          'div',
          { class: 'field-toggle' },
          h('div', { class: 'grow' }, h('p', { id: 'trusted-label' }, 'Trust what its tools say'), h('p', { class: 'field-hint' }, 'A tool that says it only reads then runs without asking. Off: the first question that uses it asks.')),
          this.#trusted,
        ),
      this.#outcome,
    );
  }

  /** @returns {Draft} */
  #draft() {
    return {
      name: this.#name.value.trim(),
      kind: this.#kind,
      command: this.#command.value,
      args: this.#args.value,
      cwd: this.#cwd.value,
      env: this.#env.value,
      url: this.#url.value,
      headers: this.#headers.value,
      timeout: this.#timeout.value,
      atOnce: this.#atOnce.value,
      perSecond: this.#perSecond.value,
      readOnly: this.#readOnly.getAttribute('aria-checked') === 'true',
      trusted: this.#trusted.getAttribute('aria-checked') === 'true',
    };
  }

  /** @returns {Draft | null} null where something is wrong, which is said at its field */
  #checked() {
    const draft = this.#draft();
    const taken = Object.keys(allSettings().settings.mcpServers ?? {}).filter((name) => name !== this.#previous);
    const wrong = mistakes(draft, taken, allSettings().rules.server);
    for (const [key, part] of Object.entries(this.#fields)) part.complain(wrong[key] ?? '');
    const first = this.#body.querySelector('[aria-invalid=true]');
    if (first instanceof HTMLElement) first.focus();
    return Object.keys(wrong).length === 0 ? draft : null;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.#save.disabled) return;
    const draft = this.#checked();
    if (draft === null) return;
    const own = this.#opened;
    this.#save.disabled = true;
    try {
      await saveServer(draft.name, toEntry(draft, this.#before), this.#previous ?? undefined);
      if (own === this.#opened) send(this, 'saved', { name: draft.name });
    } catch (error) {
      this.#tell(own, 'bad', said(error));
    }
    if (own === this.#opened) this.#save.disabled = false;
  }

  async #tests() {
    const draft = this.#checked();
    if (draft === null) return;
    const own = this.#opened;
    const previous = this.#previous;
    const before = this.#before;
    this.#test.disabled = true;
    this.#tell(own, 'live', 'Testing');
    try {
      const entry = toEntry(draft, before);
      const status = await testServer(draft.name, entry, previous ?? undefined);
      const works = status.state === 'connected';
      // What works as it is saved is connected, so that its card does not go on saying that it failed.
      if (works && previous !== null && JSON.stringify(entry) === JSON.stringify(toEntry(toDraft(previous, before), before))) retryFailed(previous).catch(() => {});
      if (works) this.#tell(own, 'ok', `Works: ${plural(status.toolCount ?? 0, 'tool')} in ${duration(status.elapsedMs ?? 0)}`, [], toolList(status, {}));
      else this.#tell(own, 'bad', sentence(status.message ?? 'it failed without a reason'), status.stderr ?? []);
    } catch (error) {
      this.#tell(own, 'bad', said(error));
    }
    if (own !== this.#opened) return;
    this.#test.disabled = false;
    // It lost the focus as it was switched off; whoever went elsewhere meanwhile stays there.
    if (document.activeElement === document.body) this.#test.focus({ preventScroll: true });
  }

  /** @param {number} own for which opening @param {'ok' | 'bad' | 'live'} tone @param {string} words @param {string[]} [lines] @param {HTMLElement} [tools] */
  #tell(own, tone, words, lines = [], tools) {
    if (own !== this.#opened) return;
    const shape = { ok: 'circle-check', bad: 'circle-x', live: 'ring' }[tone];
    fill(this.#outcome, h('p', { class: `form-said ${tone}` }, icon(shape, { class: `tone-${tone}` }), h('span', null, words)), lines.length > 0 && h('pre', { class: 'server-lines mono' }, lines.join('\n')), tools);
    this.#outcome.scrollIntoView({ block: 'nearest' });
  }
}

customElements.define('server-form', ServerForm);
export { ServerForm };
