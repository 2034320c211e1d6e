// @ts-check
// <server-list>: the servers with their states and reasons, and at the right the form of the one
// that is edited or added.

import { h, send } from '../../lib/dom.js';
import { forget, refill } from '../../lib/refill.js';
import { icon } from '../../lib/icons.js';
import { duration, happened, plural, sentence } from '../../lib/format.js';
import { confirmAt, openMenu } from '../../lib/popover.js';
import { reconnectServer, removeServer, said, setServerEnabled } from '../../api.js';
import { allServers, allSettings, isTrusted, onServers, reloadSettings, retryFailed, serversKnown } from './servers.js';
import './server-form.js';
import { toolList } from './tool-list.js';

/** @typedef {import('../../run/live/types.js').ServerStatus} ServerStatus */

/** @type {Record<string, [string, string]>} */
const icons = {
  connected: ['circle-check', 'tone-ok'],
  connecting: ['ring', 'tone-live'],
  failed: ['circle-x', 'tone-bad'],
  invalid: ['circle-x', 'tone-bad'],
  disabled: ['circle-slash', 'tone-quiet'],
};

class ServerList extends HTMLElement {
  #list = h('div', { class: 'server-cards' });
  #form = /** @type {import('./server-form.js').ServerForm} */ (document.createElement('server-form'));
  #aside = h('aside', { class: 'settings-aside', hidden: true, 'aria-label': 'Server' }, this.#form);
  /** Servers whose details are open. @type {Set<string>} */
  #open = new Set();
  /** @type {string | null} */
  #editing = null;
  /** @type {(() => void) | null} */
  #stop = null;

  connectedCallback() {
    this.#stop = onServers(() => this.#show());
    if (this.childElementCount === 0) {
      this.append(
        h(
          'section',
          { class: 'settings-page' },
          h('header', { class: 'top-bar settings-bar' }, h('h1', { class: 'settings-title grow' }, 'Servers'), h('button', { type: 'button', class: 'button primary', onclick: () => this.add() }, icon('plus', { size: 15 }), 'Add server')),
          h('div', { class: 'settings-scroll' }, this.#list),
        ),
        this.#aside,
      );
      this.#form.addEventListener('close-form', () => this.back());
      this.#form.addEventListener('saved', (event) => {
        const { name } = /** @type {CustomEvent} */ (event).detail;
        this.#editing = name;
        reloadSettings().catch(() => {});
        // An entry that is saved as it was is not connected anew by that.
        retryFailed(name).catch(() => {});
        this.#close();
      });
      this.addEventListener('withdrawn', (event) => this.#focusPart(/** @type {CustomEvent} */ (event).detail.server, 'details'));
      this.#form.addEventListener('remove-server', (event) => this.#remove(/** @type {CustomEvent} */ (event).detail.name, /** @type {CustomEvent} */ (event).detail.anchor));
    }
    this.#show();
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  add() {
    this.leave(() => this.#edit(null, null));
  }

  /** @param {string} name */
  edit(name) {
    if (name === this.#editing) this.#form.focus();
    else this.leave(() => this.#edit(name, allSettings().settings.mcpServers?.[name] ?? { builtin: 'stories' }));
  }

  /** @param {string | null} name @param {Record<string, any> | null} entry */
  #edit(name, entry) {
    this.#editing = name;
    this.#aside.hidden = false;
    this.#form.open(name, entry);
    this.#show();
  }

  /** Closes the form. @returns {boolean} whether it was open */
  back() {
    if (this.#aside.hidden) return false;
    this.leave(() => {});
    return true;
  }

  save() {
    if (!this.#aside.hidden) this.#form.save();
  }

  /** Closes the form and goes on; edits that were not saved are given up by the person alone. @param {() => void} go */
  leave(go) {
    const leave = () => {
      this.#close();
      go();
    };
    if (this.#aside.hidden || !this.#form.changed) leave();
    else this.#form.askDiscard(leave);
  }

  #close() {
    if (this.#aside.hidden) return;
    const name = this.#editing;
    this.#aside.hidden = true;
    this.#editing = null;
    this.#show();
    if (name !== null) this.#focusPart(name, 'edit');
  }

  /** @param {string} server @param {'edit' | 'details'} part */
  #focusPart(server, part) {
    const key = CSS.escape(`${part} ${server}`);
    /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-key="${key}"]`) ?? this.#list.querySelector(`[data-key="${CSS.escape(`edit ${server}`)}"]`))?.focus();
  }

  #show() {
    const servers = allServers();
    const { warnings, settings } = allSettings();
    refill(this.#list, [servers, [...this.#open], this.#editing, warnings, settings.approvals, servers.map((server) => isTrusted(server.name)), serversKnown()], () => [
      warnings.map((text) => h('p', { class: 'start-notice' }, icon('triangle-alert'), h('span', null, text))),
      servers.length > 0 && h('div', { class: 'server-cards-box' }, servers.map((server) => this.#card(server))),
      servers.length === 0 && serversKnown() && h('div', { class: 'settings-empty' }, h('p', null, 'The tools of your servers will be listed here.'), h('button', { type: 'button', class: 'button', onclick: () => this.add() }, icon('plus', { size: 15 }), 'Add server')),
    ]);
  }

  /** @param {ServerStatus} server */
  #card(server) {
    const [shape, tone] = icons[server.state];
    const wrong = server.state === 'failed' || server.state === 'invalid';
    const open = this.#open.has(server.name);
    const listed = (server.tools?.length ?? 0) + (server.notes?.length ?? 0) > 0 || Object.keys(approvalsOf(server.name)).length > 0;
    const details = h('button', { type: 'button', 'data-key': `details ${server.name}`, class: wrong ? 'button small server-details' : 'icon-button server-details', 'aria-expanded': String(open), 'aria-label': wrong ? null : `Tools of ${server.name}`, onclick: () => this.#toggle(server.name) }, wrong && [icon('stethoscope', { size: 14 }), 'Details'], icon(open ? 'chevron-up' : 'chevron-down', { size: 14 }));
    return h(
      'article',
      { class: `server-card${server.name === this.#editing ? ' editing' : ''}`, 'data-testid': 'server', 'data-name': server.name, 'data-state': server.state },
      h(
        'div',
        { class: 'server-row' },
        icon(shape, { class: tone }),
        h(
          'button',
          { type: 'button', 'data-key': `edit ${server.name}`, class: 'server-edit grow', onclick: () => this.edit(server.name) },
          h('span', { class: 'server-name' }, h('strong', null, server.name), server.kind && h('span', { class: 'badge' }, server.kind === 'builtin' ? 'built-in' : server.kind)),
          h('span', { class: `server-state cut ${wrong ? 'tone-bad' : ''}` }, stateWords(server)),
        ),
        (wrong || listed) && details,
        h('button', { type: 'button', 'data-key': `more ${server.name}`, class: 'icon-button server-more', 'aria-label': `More for ${server.name}`, 'aria-haspopup': 'menu', onclick: (/** @type {Event} */ event) => this.#menu(event, server) }, icon('ellipsis')),
        this.#toggleButton(server),
      ),
      open && this.#details(server, wrong),
    );
  }

  /** @param {ServerStatus} server */
  #toggleButton(server) {
    const on = server.state !== 'disabled';
    const toggle = h('button', { type: 'button', 'data-key': `use ${server.name}`, class: 'toggle', role: 'switch', 'aria-checked': String(on), 'aria-label': `Use ${server.name}` });
    toggle.addEventListener('click', () => {
      toggle.setAttribute('aria-checked', String(!on));
      setServerEnabled(server.name, !on).then(reloadSettings).catch((error) => {
        forget(this.#list);
        this.#show();
        send(this, 'say', { text: said(error) });
      });
    });
    return toggle;
  }

  /** @param {ServerStatus} server @param {boolean} wrong */
  #details(server, wrong) {
    const lines = server.stderr ?? [];
    return h(
      'div',
      { class: 'server-more-body' },
      wrong &&
        h(
          'div',
          { class: 'server-fix' },
          icon('wrench', { class: 'tone-bad' }),
          h('p', { class: 'grow' }, h('strong', null, 'Reason: '), server.message ?? 'it did not say why'),
          this.#editing !== server.name &&
            (server.state === 'failed'
            ? h('button', { type: 'button', class: 'button small', 'data-testid': 'test-again', 'data-key': `again ${server.name}`, onclick: (/** @type {Event} */ event) => this.#again(event, server.name) }, 'Test again')
            : h('button', { type: 'button', class: 'button small', 'data-key': `correct ${server.name}`, onclick: () => this.edit(server.name) }, 'Edit')),
        ),
      lines.length > 0 && [h('p', { class: 'server-lines-title' }, 'Last lines on stderr'), h('pre', { class: 'server-lines mono' }, lines.map((line) => h('span', { class: /\b(warn|error|fatal|panic)/i.test(line) ? 'tone-warn' : '' }, `${line}\n`)))],
      !wrong && !isTrusted(server.name) && h('p', { class: 'server-trust', 'data-testid': 'not-trusted' }, icon('info', { size: 14 }), 'Not trusted yet: its first call asks you, whatever its tools say of themselves. Edit it to trust it now.'),
      (server.notes ?? []).map((note) => h('p', { class: 'start-notice' }, icon('triangle-alert'), h('span', null, `${sentence(note)}.`))),
      (!wrong || Object.keys(approvalsOf(server.name)).length > 0) && toolList(server, approvalsOf(server.name)),
    );
  }

  /** Connects it as it stands in the settings: what works is in use at once. @param {Event} event @param {string} name */
  async #again(event, name) {
    const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
    button.disabled = true;
    button.textContent = 'Testing';
    try {
      const status = await reconnectServer(name);
      const works = status.state === 'connected';
      send(this, 'say', { text: works ? `${name} works now: ${plural(status.toolCount ?? 0, 'tool')} in ${duration(status.elapsedMs ?? 0)}.` : `${name} still fails: ${status.message ?? 'it did not say why'}` });
    } catch (error) {
      send(this, 'say', { text: sentence(said(error)) });
    }
    forget(this.#list);
    this.#show();
    // Whoever went elsewhere meanwhile stays there.
    if (document.activeElement === document.body) this.#focusPart(name, 'details');
  }

  /** @param {string} name */
  #toggle(name) {
    if (!this.#open.delete(name)) this.#open.add(name);
    this.#show();
  }

  /** @param {Event} event @param {ServerStatus} server */
  #menu(event, server) {
    const anchor = /** @type {HTMLElement} */ (event.currentTarget);
    openMenu(
      anchor,
      [
        { label: 'Edit', icon: 'pencil', run: () => this.edit(server.name) },
        { label: this.#open.has(server.name) ? 'Hide tools' : 'Show tools', icon: 'wrench', run: () => this.#toggle(server.name) },
        { label: 'Remove', icon: 'trash', danger: true, run: () => this.#remove(server.name, anchor) },
      ],
      { align: 'end', label: server.name },
    );
  }

  /** @param {string} name @param {Element} anchor */
  #remove(name, anchor) {
    confirmAt(anchor, {
      title: `Remove ${name}?`,
      text: 'Its entry leaves settings.json. Past answers that used it stay.',
      action: 'Remove',
      danger: true,
      align: 'end',
      run: () =>
        removeServer(name)
          .then(() => {
            if (this.#editing === name) this.#close();
            return reloadSettings();
          })
          .catch((error) => send(this, 'say', { text: said(error) })),
    });
  }
}

/** @param {ServerStatus} server */
function stateWords(server) {
  switch (server.state) {
    case 'connected':
      return ['Connected', plural(server.toolCount ?? 0, 'tool'), (server.notes ?? []).length > 0 ? 'some left out' : null, server.elapsedMs != null ? duration(server.elapsedMs) : null].filter(Boolean).join(' · ');
    case 'connecting':
      return 'Starting';
    case 'disabled':
      return 'Off';
    case 'invalid':
      return `Wrong entry · ${why(server)}`;
    default:
      return `Failed · ${why(server)}`;
  }
}

/** What to do stands in the details. @param {ServerStatus} server */
function why({ message, todo }) {
  return happened({ message: message ?? 'without a reason', todo });
}

/** Tools that are always allowed. @param {string} server @returns {Record<string, unknown>} */
function approvalsOf(server) {
  const allowed = allSettings().settings.approvals?.[server];
  return allowed !== null && typeof allowed === 'object' && !Array.isArray(allowed) ? allowed : {};
}

customElements.define('server-list', ServerList);
export { ServerList };
